#pragma once

#include "registry/origins.hpp"
#include "registry/registry.hpp"
#include "store/blob_store.hpp"

#include <memory>
#include <optional>
#include <stop_token>
#include <vector>

namespace nacre::registry {

namespace detail {
template <class Key>
class SingleFlight;
}  // namespace detail

/// A store that also has the blobs with a known origin: they are fetched into `next`, verified, when they are opened for the first time.
/// Concurrent opens of one blob fetch it once. Everything else goes to `next`. find() answers for blobs that are still elsewhere; list() and
/// remove() know only those that are here.
class FetchingBlobStore final : public store::BlobStore {
public:
    /// All references outlive it. A requested `stop` ends a fetch with Cancelled.
    FetchingBlobStore(
        store::BlobStore& next, const Origins& origins, Registry& registry, std::stop_token stop);
    ~FetchingBlobStore() override;

    std::unique_ptr<store::Ingest> ingest() override;
    void sync() override;
    std::optional<std::uint64_t> find(const oci::Digest& digest) const override;
    std::unique_ptr<ByteSource> open(
        const oci::Digest& digest, std::uint64_t offset) const override;
    std::unique_ptr<ByteSource> open_once(const oci::Digest& digest) const override;
    bool remove(const oci::Digest& digest) override;
    std::vector<oci::Digest> list() const override;

    /// Fetches the blob when it is still elsewhere. Throws Error{NotFound} when nobody is known to have it.
    void ensure_here(const oci::Digest& digest) const;

private:
    void fetch(const oci::Descriptor& blob) const;

    store::BlobStore& next_;
    const Origins& origins_;
    Registry& registry_;
    const std::stop_token stop_;
    const std::unique_ptr<detail::SingleFlight<oci::Digest>> flights_;
};

}  // namespace nacre::registry
