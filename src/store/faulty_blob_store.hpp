#pragma once

#include "store/blob_store.hpp"

#include <atomic>
#include <memory>
#include <optional>
#include <vector>

namespace nacre::store {

/// Passes all calls on to `next`, which outlives it, and fails one of them with Error{Unavailable}: every member of
/// the store, of its Ingest and of its sources counts. For loops that fail the first call, the second, and so
/// on until nothing fails.
class FaultyBlobStore final : public BlobStore {
public:
    /// Fails call number `failing` (from 1); 0 fails none.
    FaultyBlobStore(BlobStore& next, int failing) noexcept : next_{next}, failing_{failing} {}

    std::unique_ptr<Ingest> ingest() override;
    void sync() override;
    std::optional<std::uint64_t> find(const oci::Digest& digest) const override;
    std::unique_ptr<ByteSource> open(
        const oci::Digest& digest, std::uint64_t offset) const override;
    bool remove(const oci::Digest& digest) override;
    std::vector<oci::Digest> list() const override;

    int calls() const noexcept { return calls_; }

    /// Counts a call and throws when it is the one to fail.
    void count() const;

private:
    BlobStore& next_;
    const int failing_;
    mutable std::atomic<int> calls_ = 0;
};

}  // namespace nacre::store
