#pragma once

#include "api/registry/registry.hpp"
#include "store/memory_blob_store.hpp"
#include "store/memory_image_names.hpp"
#include "support/http_fixture.hpp"

#include <string>

namespace nacre::test {

class OpenPushPolicy final : public api::registry::PushPolicy {
public:
    bool asks_for_credentials() const noexcept override { return false; }

    void check_credentials(const http::Request& /*request*/) const override {}

    void check_push(
        const http::Request& /*request*/, std::string_view /*repository*/) const override {}
};

/// Our own registry in memory, to which everybody may push.
class OpenRegistry {
public:
    http::Handler& handler() noexcept { return registry_; }

    store::MemoryBlobStore blobs;
    store::MemoryImageNames names;

private:
    OpenPushPolicy policy_;
    ManualClock clock_{WallTime{}};
    SeededRandom random_{1};
    api::registry::Registry registry_{{blobs, names, policy_, clock_, random_}};
};

/// The same on a free port of the loopback interface.
class ServedRegistry {
public:
    std::string address() const { return "127.0.0.1:" + std::to_string(http_.server.port()); }

    OpenRegistry content;

private:
    HttpFixture http_{content.handler()};
};

}  // namespace nacre::test
