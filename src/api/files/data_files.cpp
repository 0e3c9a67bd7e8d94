#include "api/files/data_files.hpp"

#include "base/error.hpp"
#include "base/text.hpp"

namespace nacre::api::files {
namespace {

constexpr std::string_view kWork = "/kojifiles/work";
constexpr std::string_view kPackages = "/kojifiles/packages";

bool is_below(std::string_view path, std::string_view prefix) noexcept {
    return path.starts_with(prefix) && (path.size() == prefix.size() || path[prefix.size()] == '/');
}

http::FilesConfig listed(std::filesystem::path root, std::string_view prefix) {
    return {std::move(root), std::string{prefix}, http::Listing::Html};
}

}  // namespace

KojiFiles::KojiFiles(const std::filesystem::path& data)
    : work_{listed(data / "work", kWork)},
      packages_{listed(data / "packages", kPackages)} {}

http::Response KojiFiles::handle(const http::Request& request) {
    if (is_below(request.path, kWork)) return work_.handle(request);
    if (is_below(request.path, kPackages)) return packages_.handle(request);
    throw Error{ErrorCode::NotFound, "there is no file " + nacre::quoted(request.path)}.with_hint(
        "files are below /kojifiles/work/ and /kojifiles/packages/");
}

MirrorFiles::MirrorFiles(const std::filesystem::path& data)
    : files_{listed(data / "mirror", "/mirror")} {}

}  // namespace nacre::api::files
