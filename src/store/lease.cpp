#include "store/lease.hpp"

#include "base/error.hpp"
#include "base/text.hpp"
#include "os/directory.hpp"
#include "os/file.hpp"

#include <fcntl.h>
#include <sys/file.h>

#include <cerrno>
#include <string>

namespace nacre::store {
namespace {

namespace fs = std::filesystem;

constexpr const char* kLockFile = "collect.lock";
constexpr const char* kUses = "uses";
constexpr std::string_view kLeasePrefix = "tmp-build-";
constexpr std::size_t kUsesBytesMax = 64U << 20U;

fs::path made(const fs::path& root) {
    os::ensure_directory(root);
    return root;
}

/// flock, not a lock of the process: each descriptor has its own, and the last close releases it.
os::UniqueFd locked(const fs::path& file, int operation) {
    os::UniqueFd fd = os::open_file(file, O_RDWR | O_CREAT);
    while (::flock(fd.get(), operation) != 0)
        if (errno != EINTR) throw SystemError{errno, "cannot lock " + nacre::quoted(file.string())};
    return fd;
}

/// Nothing while its build lives, and when it is gone.
os::UniqueFd try_lock(const fs::path& lease) {
    os::UniqueFd fd{::open(lease.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)};
    if (fd && ::flock(fd.get(), LOCK_EX | LOCK_NB) != 0) fd.reset();
    return fd;
}

std::vector<fs::path> leases(const fs::path& root) {
    std::vector<fs::path> found;
    os::Directory folder = os::Directory::open(root);
    while (const auto entry = folder.next())
        if (entry->name.starts_with(kLeasePrefix)) found.push_back(root / entry->name);
    return found;
}

class LeasedIngest final : public Ingest {
public:
    LeasedIngest(std::unique_ptr<Ingest> next, Lease& lease)
        : next_{std::move(next)},
          lease_{lease} {}

    void write(Bytes bytes) override { next_->write(bytes); }

    std::uint64_t size() const noexcept override { return next_->size(); }

    // A commit finds out whether the store has the blob: that is a lookup too.
    oci::Digest commit() override {
        Lease::Use use{lease_};
        oci::Digest digest = next_->commit();
        use.add(digest);
        return digest;
    }

    void commit(const oci::Digest& expected) override {
        Lease::Use use{lease_};
        use.add(expected);
        next_->commit(expected);
    }

private:
    std::unique_ptr<Ingest> next_;
    Lease& lease_;
};

}  // namespace

Lease::Lease(const fs::path& root)
    : lock_file_{made(root) / kLockFile},
      folder_{root, kLeasePrefix.substr(4, kLeasePrefix.size() - 5)},
      uses_{os::open_file(folder_.path() / kUses, O_WRONLY | O_CREAT | O_APPEND)} {}

Lease::Use::Use(Lease& lease) : lease_{lease}, lock_{locked(lease.lock_file_, LOCK_SH)} {}

void Lease::Use::add(const oci::Digest& digest) {
    if (!lease_.known_.lock()->insert(digest).second) return;
    os::write_all(lease_.uses_.get(), as_bytes(digest.str() + "\n"));
}

bool Lease::has(const oci::Digest& digest) const {
    return known_.lock()->contains(digest);
}

std::vector<AbandonedLease> find_abandoned_leases(const fs::path& root) {
    std::vector<AbandonedLease> found;
    for (fs::path& lease : leases(root))
        if (os::UniqueFd lock = try_lock(lease))
            found.push_back({std::move(lease), std::move(lock)});
    return found;
}

Collection::Collection(const fs::path& root) : lock_{locked(made(root) / kLockFile, LOCK_EX)} {
    for (const fs::path& lease : leases(root)) {
        if (try_lock(lease)) continue;
        const auto text = os::find_file(lease / kUses, kUsesBytesMax);
        for (const std::string& line : split(text.value_or(""), '\n'))
            if (const auto digest = oci::Digest::try_parse(line)) uses_.insert(*digest);
    }
}

std::unique_ptr<Ingest> LeasedBlobStore::ingest() {
    return std::make_unique<LeasedIngest>(next_.ingest(), lease_);
}

void LeasedBlobStore::sync() {
    next_.sync();
}

std::optional<std::uint64_t> LeasedBlobStore::find(const oci::Digest& digest) const {
    if (lease_.has(digest)) return next_.find(digest);
    Lease::Use use{lease_};
    const auto size = next_.find(digest);
    if (size) use.add(digest);
    return size;
}

std::unique_ptr<ByteSource> LeasedBlobStore::open(
    const oci::Digest& digest, std::uint64_t offset) const {
    if (lease_.has(digest)) return next_.open(digest, offset);
    Lease::Use use{lease_};
    auto source = next_.open(digest, offset);
    use.add(digest);
    return source;
}

bool LeasedBlobStore::remove(const oci::Digest& digest) {
    return next_.remove(digest);
}

std::vector<oci::Digest> LeasedBlobStore::list() const {
    return next_.list();
}

bool LeasedSnapshotter::has_layer(const oci::DiffId& diff_id) const {
    if (lease_.has(diff_id.digest)) return next_.has_layer(diff_id);
    Lease::Use use{lease_};
    const bool there = next_.has_layer(diff_id);
    if (there) use.add(diff_id.digest);
    return there;
}

fs::path LeasedSnapshotter::prepare_layer(const oci::DiffId& diff_id) {
    return next_.prepare_layer(diff_id);
}

void LeasedSnapshotter::commit_layer(const oci::DiffId& diff_id, const fs::path& folder) {
    {
        Lease::Use use{lease_};
        use.add(diff_id.digest);
    }
    next_.commit_layer(diff_id, folder);
}

std::unique_ptr<ActiveSnapshot> LeasedSnapshotter::prepare(const std::vector<oci::DiffId>& layers) {
    {
        Lease::Use use{lease_};
        for (const oci::DiffId& layer : layers)
            use.add(layer.digest);
    }
    return next_.prepare(layers);
}

bool LeasedSnapshotter::remove_layer(const oci::DiffId& diff_id) {
    return next_.remove_layer(diff_id);
}

std::vector<oci::DiffId> LeasedSnapshotter::layers() const {
    return next_.layers();
}

}  // namespace nacre::store
