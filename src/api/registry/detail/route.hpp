#pragma once

#include "oci/digest.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace nacre::api::registry::detail {

enum class RouteKind : std::uint8_t {
    Ping,
    Catalog,
    Manifest,
    Blob,
    Uploads,
    Upload,
    Tags,
    Referrers
};

struct Route {
    RouteKind kind = RouteKind::Ping;
    std::string repository;  ///< satisfies oci::is_repository, except for Ping and Catalog
    std::string reference;   ///< what the path names last: tag, digest or upload id
};

/// Reads a path that starts with "/v2". Throws Refusal: NAME_INVALID, or 404 for another path. Repositories may have
/// components called "blobs" or "manifests", so a path is read from its end.
Route parse_route(std::string_view path);

/// Throws Refusal DIGEST_INVALID.
oci::Digest parse_digest(const std::string& text);

}  // namespace nacre::api::registry::detail
