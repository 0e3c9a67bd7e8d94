#include "api/registry/detail/route.hpp"

#include "api/registry/detail/refusal.hpp"
#include "base/text.hpp"
#include "oci/reference.hpp"

namespace nacre::api::registry::detail {
namespace {

constexpr std::string_view kRoot = "/v2";

/// Cuts the part after the last '/' off.
std::string_view cut_last(std::string_view& path) noexcept {
    const std::size_t slash = path.rfind('/');
    if (slash == std::string_view::npos) return {};
    const std::string_view last = path.substr(slash + 1);
    path = path.substr(0, slash);
    return last;
}

bool cut_suffix(std::string_view& path, std::string_view suffix) noexcept {
    if (!path.ends_with(suffix)) return false;
    path.remove_suffix(suffix.size());
    return true;
}

[[noreturn]] void refuse_path(std::string_view path) {
    throw Refusal{404, "UNSUPPORTED", "there is nothing at " + nacre::quoted(path)};
}

Route repository_route(RouteKind kind, std::string_view repository, std::string_view reference) {
    if (!oci::is_repository(repository))
        throw Refusal{400, "NAME_INVALID", "invalid repository name " + nacre::quoted(repository)};
    return {kind, std::string{repository}, std::string{reference}};
}

}  // namespace

Route parse_route(std::string_view path) {
    std::string_view rest = path.substr(kRoot.size());
    if (rest.empty() || rest == "/") return {};
    rest.remove_prefix(1);
    if (rest == "_catalog") return {RouteKind::Catalog, {}, {}};
    if (cut_suffix(rest, "/tags/list")) return repository_route(RouteKind::Tags, rest, {});
    if (cut_suffix(rest, "/blobs/uploads") || cut_suffix(rest, "/blobs/uploads/"))
        return repository_route(RouteKind::Uploads, rest, {});
    const std::string_view reference = cut_last(rest);
    if (reference.empty()) refuse_path(path);
    if (cut_suffix(rest, "/blobs/uploads"))
        return repository_route(RouteKind::Upload, rest, reference);
    if (cut_suffix(rest, "/blobs")) return repository_route(RouteKind::Blob, rest, reference);
    if (cut_suffix(rest, "/manifests"))
        return repository_route(RouteKind::Manifest, rest, reference);
    if (cut_suffix(rest, "/referrers"))
        return repository_route(RouteKind::Referrers, rest, reference);
    refuse_path(path);
}

oci::Digest parse_digest(const std::string& text) {
    if (auto digest = oci::Digest::try_parse(text)) return *digest;
    throw Refusal{400, "DIGEST_INVALID", "invalid digest " + nacre::quoted(text)};
}

}  // namespace nacre::api::registry::detail
