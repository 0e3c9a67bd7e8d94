#pragma once

#include "base/guarded.hpp"
#include "store/blob_store.hpp"

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace nacre::store {

/// Keeps blobs in memory: for tests and for images that go nowhere.
class MemoryBlobStore final : public BlobStore {
public:
    using Blobs = std::map<oci::Digest, std::shared_ptr<const std::string>>;

    std::unique_ptr<Ingest> ingest() override;

    void sync() override {}

    std::optional<std::uint64_t> find(const oci::Digest& digest) const override;
    std::unique_ptr<ByteSource> open(
        const oci::Digest& digest, std::uint64_t offset) const override;
    bool remove(const oci::Digest& digest) override;
    std::vector<oci::Digest> list() const override;

private:
    mutable Guarded<Blobs> blobs_;
};

}  // namespace nacre::store
