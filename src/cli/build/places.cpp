#include "cli/build/places.hpp"

#include "base/error.hpp"
#include "os/file.hpp"

#include <unistd.h>

namespace nacre::cli::build {
namespace {

constexpr const char* kFolder = "build";

std::optional<std::string> find_text(const Environment& environment, const std::string& name) {
    auto text = environment(name);
    return text && !text->empty() ? text : std::nullopt;
}

}  // namespace

void Places::ensure() const {
    for (const std::filesystem::path& folder : {root, images(), locks(), leases(), digests()})
        os::ensure_directory(folder);
}

Places find_places(const Environment& environment) {
    if (const auto given = find_text(environment, "NACRE_ROOT"))
        return {std::filesystem::absolute(*given).lexically_normal() / kFolder};
    if (::geteuid() == 0) return {std::filesystem::path{"/var/lib/nacre"} / kFolder};
    if (const auto data = find_text(environment, "XDG_DATA_HOME"))
        return {std::filesystem::path{*data} / "nacre" / kFolder};
    if (const auto home = find_text(environment, "HOME"))
        return {std::filesystem::path{*home} / ".local/share/nacre" / kFolder};
    throw Error{ErrorCode::NotFound, "neither NACRE_ROOT nor HOME is set"}.with_hint(
        "set NACRE_ROOT to the folder that shall hold images and the build cache");
}

}  // namespace nacre::cli::build
