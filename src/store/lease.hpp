#pragma once

#include "base/guarded.hpp"
#include "oci/digest.hpp"
#include "os/temp.hpp"
#include "os/unique_fd.hpp"
#include "store/blob_store.hpp"
#include "store/snapshotter.hpp"

#include <filesystem>
#include <set>
#include <string_view>
#include <vector>

namespace nacre::store {

/// Says what a running build uses, so that a collection in another process does not take it away:
///
///     <root>/collect.lock         held shared while something is looked up and written down, exclusive by a Collection
///     <root>/tmp-build-<pid>-<n>/ one lease; it is locked (flock) while its build lives
///     .../uses                    one digest a line: of blobs and of unpacked layers
///
/// Thread-safe. The folder of the lease is the build's own, for whatever is to go with it.
class Lease {
public:
    /// Creates `root` when it does not exist.
    explicit Lease(const std::filesystem::path& root);

    const std::filesystem::path& folder() const noexcept { return folder_.path(); }

    /// From the beginning of a Use to its end no collection runs.
    class Use {
    public:
        explicit Use(Lease& lease);

        /// The digest is protected from here on.
        void add(const oci::Digest& digest);

    private:
        Lease& lease_;
        os::UniqueFd lock_;
    };

    /// Whether the digest is protected already.
    bool has(const oci::Digest& digest) const;

private:
    const std::filesystem::path lock_file_;
    const os::TempDir folder_;
    const os::UniqueFd uses_;
    mutable Guarded<std::set<oci::Digest>> known_;
};

/// The lease of a build that was killed: what it left can be swept. Nobody else sweeps it meanwhile.
struct AbandonedLease {
    std::filesystem::path folder;  ///< the caller removes it, last
    os::UniqueFd lock;
};

std::vector<AbandonedLease> find_abandoned_leases(const std::filesystem::path& root);

/// While it exists nobody starts to use anything: what is not in uses() can be removed.
class Collection {
public:
    /// Waits for lookups to end, which is a matter of microseconds.
    explicit Collection(const std::filesystem::path& root);

    /// Of all builds that run.
    const std::set<oci::Digest>& uses() const noexcept { return uses_; }

private:
    os::UniqueFd lock_;
    std::set<oci::Digest> uses_;
};

/// Writes down which blobs of `next` are looked at. Passes the contract of a BlobStore.
class LeasedBlobStore final : public BlobStore {
public:
    /// Both outlive it.
    LeasedBlobStore(BlobStore& next, Lease& lease) noexcept : next_{next}, lease_{lease} {}

    std::unique_ptr<Ingest> ingest() override;
    void sync() override;
    std::optional<std::uint64_t> find(const oci::Digest& digest) const override;
    std::unique_ptr<ByteSource> open(
        const oci::Digest& digest, std::uint64_t offset) const override;
    bool remove(const oci::Digest& digest) override;
    std::vector<oci::Digest> list() const override;

private:
    BlobStore& next_;
    Lease& lease_;
};

/// The same for unpacked layers.
class LeasedSnapshotter final : public Snapshotter {
public:
    LeasedSnapshotter(Snapshotter& next, Lease& lease) noexcept : next_{next}, lease_{lease} {}

    bool has_layer(const oci::DiffId& diff_id) const override;
    std::filesystem::path prepare_layer(const oci::DiffId& diff_id) override;
    void commit_layer(const oci::DiffId& diff_id, const std::filesystem::path& folder) override;
    std::unique_ptr<ActiveSnapshot> prepare(const std::vector<oci::DiffId>& layers) override;
    bool remove_layer(const oci::DiffId& diff_id) override;
    std::vector<oci::DiffId> layers() const override;

private:
    Snapshotter& next_;
    Lease& lease_;
};

}  // namespace nacre::store
