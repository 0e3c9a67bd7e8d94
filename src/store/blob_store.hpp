#pragma once

#include "base/bytes.hpp"
#include "oci/digest.hpp"

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace nacre::store {

/// A blob being written. It becomes visible to readers by commit() only; when it is dropped
/// before, the bytes are discarded. Confined to one thread.
class Ingest : public ByteSink {
public:
    /// Bytes written so far.
    virtual std::uint64_t size() const noexcept = 0;

    /// Makes the blob visible under the digest of its bytes, which is returned. A blob which the store
    /// already has is not written again. When it is durable: see BlobStore::sync(). Called once, last.
    virtual oci::Digest commit() = 0;

    /// The same, but throws Error{DataCorrupt}, and keeps nothing, when the bytes have another digest.
    virtual void commit(const oci::Digest& expected) = 0;
};

/// Immutable blobs by digest. All members may be called from several threads, and a directory store from
/// several processes, at once. Every implementation passes tests/contract/blob_store_contract.cpp.
class BlobStore {
public:
    virtual ~BlobStore() = default;

    virtual std::unique_ptr<Ingest> ingest() = 0;

    /// Makes every blob that was committed through this object survive a power cut. To be called before a
    /// name that refers to them is written. Does nothing where each commit() did so already.
    virtual void sync() = 0;

    /// The size in bytes, or nothing when the store does not have the blob.
    virtual std::optional<std::uint64_t> find(const oci::Digest& digest) const = 0;

    /// A source from byte `offset` on. Throws Error{NotFound}.
    virtual std::unique_ptr<ByteSource> open(
        const oci::Digest& digest, std::uint64_t offset) const = 0;

    /// The whole blob for one who reads it once: a store that must fetch it first need not keep it. The source may throw
    /// Error{DataCorrupt} as late as at its end. Throws Error{NotFound}.
    virtual std::unique_ptr<ByteSource> open_once(const oci::Digest& digest) const {
        return open(digest, 0);
    }

    /// Returns false when there was nothing to remove.
    virtual bool remove(const oci::Digest& digest) = 0;

    /// All blobs, in order of their digests.
    virtual std::vector<oci::Digest> list() const = 0;
};

/// The whole blob; throws Error{NotFound}, Error{ResourceExhausted} when it is larger than `limit`.
std::string read_blob(const BlobStore& store, const oci::Digest& digest, std::size_t limit);

/// Stores `content` and returns its digest.
oci::Digest write_blob(BlobStore& store, std::string_view content);

}  // namespace nacre::store
