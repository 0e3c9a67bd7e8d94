#pragma once

#include "api/registry/push_policy.hpp"
#include "base/clock.hpp"
#include "base/random.hpp"
#include "http/server.hpp"
#include "store/blob_store.hpp"
#include "store/image_names.hpp"

#include <chrono>
#include <cstdint>
#include <memory>

namespace nacre::api::registry {

struct RegistryLimits {
    std::size_t uploads_max = 64;               ///< upload sessions open at once
    std::chrono::seconds upload_age_max{3600};  ///< without a request; then the session is dropped
    std::uint64_t blob_bytes_max = 64ULL << 30U;
    std::size_t tags_per_page_max = 10'000;
};

/// The seams that the registry works on; all of them outlive it.
struct RegistryParts {
    store::BlobStore& blobs;
    store::ImageNames& names;
    const PushPolicy& policy;
    const Clock& clock;
    Random& random;
};

/// The server side of the OCI distribution-spec 1.1, for all paths that start with "/v2". Pulls are anonymous.
///
/// The store has one tenant: a blob can be read through every repository by who knows its digest, and mounting
/// one from another repository always works. Blobs are not deleted through this protocol (405, as the spec
/// allows): they go when no manifest refers to them and nothing else holds them, which the store's collection
/// decides. Upload sessions live in memory; after a restart clients begin their uploads again.
class Registry final : public http::Handler {
public:
    explicit Registry(const RegistryParts& parts, const RegistryLimits& limits = {});
    ~Registry() override;
    Registry(const Registry&) = delete;
    Registry& operator=(const Registry&) = delete;

    http::Response handle(const http::Request& request) override;

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace nacre::api::registry
