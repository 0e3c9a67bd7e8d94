#pragma once

#include "oci/manifest.hpp"
#include "registry/http_registry.hpp"
#include "store/memory_blob_store.hpp"
#include "support/http_fixture.hpp"
#include "support/scripted_http_client.hpp"
#include "support/served_registry.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <functional>
#include <string>

namespace nacre::registry {

/// A client of our own registry, without a network: requests pass `intercept` first, which may answer them.
class HttpRegistryTest : public testing::Test {
protected:
    using Intercept = std::function<std::optional<http::Response>(const http::Request&)>;

    static HttpRegistryOptions quick() {
        HttpRegistryOptions options;
        options.chunk_bytes = 1000;
        options.first_pause = std::chrono::milliseconds{0};
        return options;
    }

    oci::Reference reference(const std::string& image_tag) const {
        return {
            .registry = app_.registry,
            .repository = app_.name,
            .image_tag = image_tag,
            .digest = std::nullopt};
    }

    /// A blob in our own store.
    oci::Descriptor write(const std::string& content) {
        return {
            .media_type = std::string{oci::kMediaTypeLayer},
            .digest = store::write_blob(blobs_, content),
            .size = content.size()};
    }

    /// A blob in the registry.
    oci::Descriptor put(const std::string& content) {
        store::write_blob(server_.blobs, content);
        return write(content);
    }

    std::string read(const oci::Descriptor& blob) {
        const auto source = registry_.open_blob(app_, blob, {});
        std::string content;
        std::vector<std::byte> buffer(777);
        while (const std::size_t count = source->read(buffer))
            content += as_text(Bytes{buffer}.first(count));
        return content;
    }

    std::size_t count_seen(const std::string& method, const std::string& part) const {
        return static_cast<std::size_t>(
            std::ranges::count_if(http_.seen, [&](const http::ClientRequest& request) {
                return request.method == method && request.url.find(part) != std::string::npos;
            }));
    }

    const Repository app_{"registry.test", "team/app"};
    store::MemoryBlobStore blobs_;
    test::OpenRegistry server_;
    Intercept intercept_;
    test::FunctionHandler handler_{[this](const http::Request& request) {
        if (intercept_)
            if (auto response = intercept_(request)) return std::move(*response);
        return server_.handler().handle(request);
    }};
    test::ScriptedHttpClient http_{handler_};
    FixedCredentials credentials_{
        {{"registry.test",
          Credentials{
              .user = "alice",
              .password = Secret{"secret"},
              .identity_token = {},
              .registry_token = {}}}}};
    ManualClock clock_{WallTime{}};
    SeededRandom random_{1};
    HttpRegistry registry_{{http_, credentials_, clock_, random_}, quick()};
};

inline std::string numbered(std::size_t size) {
    std::string text;
    while (text.size() < size)
        text += std::to_string(text.size()) + " ";
    text.resize(size);
    return text;
}

}  // namespace nacre::registry
