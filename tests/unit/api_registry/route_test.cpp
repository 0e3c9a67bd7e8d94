#include "api/registry/detail/route.hpp"

#include "api/registry/detail/refusal.hpp"

#include <gtest/gtest.h>

namespace nacre::api::registry::detail {
namespace {

std::string spec_code(std::string_view path) {
    try {
        parse_route(path);
    } catch (const Refusal& refusal) {
        return refusal.spec_code();
    }
    return "none";
}

void expect(
    std::string_view path, RouteKind kind, std::string_view name, std::string_view reference) {
    const Route route = parse_route(path);
    EXPECT_EQ(route.kind, kind) << path;
    EXPECT_EQ(route.repository, name) << path;
    EXPECT_EQ(route.reference, reference) << path;
}

TEST(Route, IsReadFromTheEndOfThePath) {
    expect("/v2", RouteKind::Ping, "", "");
    expect("/v2/", RouteKind::Ping, "", "");
    expect("/v2/_catalog", RouteKind::Catalog, "", "");
    expect("/v2/a/b/tags/list", RouteKind::Tags, "a/b", "");
    expect("/v2/a/blobs/uploads/", RouteKind::Uploads, "a", "");
    expect("/v2/a/blobs/uploads", RouteKind::Uploads, "a", "");
    expect("/v2/a/blobs/uploads/id", RouteKind::Upload, "a", "id");
    expect("/v2/a/blobs/sha256:1", RouteKind::Blob, "a", "sha256:1");
    expect("/v2/a/manifests/1.0", RouteKind::Manifest, "a", "1.0");
    expect("/v2/a/referrers/sha256:1", RouteKind::Referrers, "a", "sha256:1");
    expect("/v2/blobs/manifests/manifests/tags", RouteKind::Manifest, "blobs/manifests", "tags");
}

TEST(Route, RefusesOtherPathsAndNames) {
    for (const char* path : {"/v2/a", "/v2/a/b", "/v2/a/manifests/", "/v2/tags/list", "/v2//"})
        EXPECT_EQ(spec_code(path), "UNSUPPORTED") << path;
    for (const char* path : {"/v2/A/tags/list", "/v2/../manifests/x", "/v2/a//b/manifests/x"})
        EXPECT_EQ(spec_code(path), "NAME_INVALID") << path;
}

}  // namespace
}  // namespace nacre::api::registry::detail
