#include "publish/publication_path.hpp"

#include "base/error.hpp"
#include "base/text.hpp"

#include <algorithm>

namespace nacre::publish {
namespace {

constexpr std::size_t kPartMax = 100;

bool is_part_character(char c) noexcept {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9')
           || std::string_view{"._+~^-"}.find(c) != std::string_view::npos;
}

void require_part(std::string_view field, std::string_view value, std::string_view excluded = "") {
    const bool starts_well = !value.empty() && value[0] != '.' && value[0] != '-';
    if (starts_well && value.size() <= kPartMax && std::ranges::all_of(value, is_part_character)
        && value.find_first_of(excluded) == std::string_view::npos)
        return;
    throw Error{
        ErrorCode::InvalidArgument,
        "the " + std::string{field} + " " + nacre::quoted(value)
            + " cannot be a part of a published name"}
        .with_hint(
            "1 to 100 letters, digits, '.', '_', '+', '~' and '^', not starting with '.'; '-' in "
            "names and tags only");
}

}  // namespace

PublicationPath path_of(const Publication& publication) {
    require_part("destination", publication.destination);
    require_part("name", publication.name);
    require_part("version", publication.version, "-");
    require_part("release", publication.release, "-");
    require_part("architecture", publication.architecture, "-");
    const std::string nvr =
        publication.name + "-" + publication.version + "-" + publication.release;
    return {
        std::filesystem::path{publication.destination} / "Container" / publication.architecture
            / "images",
        nvr + "." + publication.architecture + ".oci.tar",
        nvr + "-" + publication.architecture + "-CHECKSUM"};
}

}  // namespace nacre::publish
