#pragma once

#include "api/registry/registry.hpp"
#include "base/error.hpp"
#include "json/value.hpp"
#include "oci/descriptor.hpp"
#include "store/memory_blob_store.hpp"
#include "store/memory_image_names.hpp"
#include "support/http_fixture.hpp"

#include <gtest/gtest.h>

#include <string>

namespace nacre::api::registry {

/// Everybody may push to "open/…"; "alice" with the password "secret" everywhere.
class TestPushPolicy final : public PushPolicy {
public:
    bool asks_for_credentials() const noexcept override { return false; }

    void check_credentials(const http::Request& request) const override {
        const auto found = http::find_basic_credentials(request.headers);
        if (found && (found->user != "alice" || found->password != "secret"))
            throw Error{ErrorCode::Unauthenticated, "wrong password"};
    }

    void check_push(const http::Request& request, std::string_view repository) const override {
        check_credentials(request);
        if (repository.starts_with("open/")) return;
        if (!http::find_basic_credentials(request.headers))
            throw Error{ErrorCode::Unauthenticated, "pushing needs credentials"};
    }
};

class RegistryTest : public testing::Test {
protected:
    http::ClientResponse send(http::ClientRequest request) {
        return http_.exchange(std::move(request));
    }

    http::ClientResponse get(const std::string& target) { return send({.url = target}); }

    oci::Digest put_blob(std::string_view content) { return store::write_blob(blobs_, content); }

    static std::string descriptor(
        std::string_view media_type, const oci::Digest& digest, std::size_t size) {
        return R"({"mediaType":")" + std::string{media_type} + R"(","digest":")" + digest.str()
               + R"(","size":)" + std::to_string(size) + "}";
    }

    /// The text of a manifest whose config and only layer are in the store.
    std::string make_manifest(const std::string& more = "") {
        const oci::Digest config = put_blob("{}");
        const oci::Digest layer = put_blob("layer");
        return R"({"schemaVersion":2,"mediaType":")" + std::string{oci::kMediaTypeManifest}
               + R"(","config":)" + descriptor(oci::kMediaTypeConfig, config, 2) + R"(,"layers":[)"
               + descriptor(oci::kMediaTypeLayer, layer, 5) + "]" + more + "}";
    }

    http::ClientResponse put_manifest(
        const std::string& target,
        const std::string& text,
        std::string_view type = oci::kMediaTypeManifest) {
        http::ClientRequest request{.method = "PUT", .url = target, .body = text};
        request.headers.set("Content-Type", type);
        return send(std::move(request));
    }

    static std::string spec_code(const http::ClientResponse& answer) {
        const json::Value document = json::parse(answer.body);
        const json::Reader reader{document, "answer"};
        return json::Reader{reader.get_array("errors").at(0), "error"}.get_string("code");
    }

    store::MemoryBlobStore blobs_;
    store::MemoryImageNames names_;
    TestPushPolicy policy_;
    ManualClock clock_{WallTime{}};
    SeededRandom random_{1};
    Registry registry_{
        {blobs_, names_, policy_, clock_, random_}, {.uploads_max = 3, .blob_bytes_max = 5000}};
    test::HttpFixture http_{registry_};
};

}  // namespace nacre::api::registry
