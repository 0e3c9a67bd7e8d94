#pragma once

#include "base/guarded.hpp"
#include "os/unique_fd.hpp"
#include "store/blob_store.hpp"

#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <vector>

namespace nacre::store {

/// When the blobs of a DirectoryBlobStore are durable.
enum class BlobDurability : std::uint8_t {
    EachCommit,  ///< commit() returns when the blob survives a power cut
    AtSync  ///< sync() makes all of them durable at once: for a build, which writes no name before its end
};

/// Files `<root>/<algorithm>/<first two digits>/<hex>`. What has its name is whole, whatever ends the process or
/// the power: a blob is a file without name until its bytes are on the disk, then it is linked to its name, then the
/// folder is synced. A killed process leaves nothing to sweep.
///
/// With BlobDurability::AtSync, commit() keeps the nameless file open: this object finds and opens the blob,
/// other processes do so after sync(), and what was not synced is gone when this object is. sync() starts the
/// writing of all files before it waits for the first, so that the disk orders them and the journal commits once.
class DirectoryBlobStore final : public BlobStore {
public:
    /// Creates `root` when it does not exist. Throws Error{Unsupported} when its file system has no O_TMPFILE.
    explicit DirectoryBlobStore(
        std::filesystem::path root, BlobDurability durability = BlobDurability::EachCommit);

    /// The Ingest throws Error{ResourceExhausted} that names the folder and the bytes it got when the disk is full.
    std::unique_ptr<Ingest> ingest() override;
    void sync() override;
    std::optional<std::uint64_t> find(const oci::Digest& digest) const override;
    std::unique_ptr<ByteSource> open(
        const oci::Digest& digest, std::uint64_t offset) const override;
    bool remove(const oci::Digest& digest) override;
    std::vector<oci::Digest> list() const override;

private:
    friend class DirectoryIngest;

    using Nameless = std::map<oci::Digest, std::shared_ptr<const os::UniqueFd>>;

    std::filesystem::path path_of(const oci::Digest& digest) const;
    std::shared_ptr<const os::UniqueFd> find_nameless(const oci::Digest& digest) const;
    void keep(const oci::Digest& digest, os::UniqueFd file);

    const std::filesystem::path root_;
    const BlobDurability durability_;
    mutable Guarded<Nameless> nameless_;
};

}  // namespace nacre::store
