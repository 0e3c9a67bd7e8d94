#include "store/directory_blob_store.hpp"

#include "archive/digester.hpp"
#include "base/error.hpp"
#include "base/text.hpp"
#include "os/file.hpp"
#include "store/blob_digest.hpp"

#include <fmt/format.h>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <set>

namespace nacre::store {

namespace fs = std::filesystem;

namespace {

/// Small writes, as the headers of a tar, are joined to one of this size.
constexpr std::size_t kWriteBuffer = 128U << 10U;
/// Blobs that wait for sync(), each of which holds a descriptor.
constexpr std::size_t kNamelessMax = 128;

std::string proc_path(int fd) {
    return "/proc/self/fd/" + std::to_string(fd);
}

os::UniqueFd open_nameless(const fs::path& root) {
    os::UniqueFd file{::open(root.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0644)};
    if (!file && (errno == EOPNOTSUPP || errno == EISDIR))
        throw Error{
            ErrorCode::Unsupported,
            fmt::format(
                "the file system of {} cannot make files without a name (O_TMPFILE)",
                nacre::quoted(root.string()))}
            .with_hint("ext4, xfs, btrfs and tmpfs can");
    if (!file) throw SystemError{errno, "cannot create a blob in " + nacre::quoted(root.string())};
    return file;
}

void start_writing(int file) noexcept {
    // Advice only: what fails here fails again in flush().
    ::sync_file_range(file, 0, 0, SYNC_FILE_RANGE_WRITE);
}

[[noreturn]] void throw_write_failure(
    const SystemError& error, const fs::path& root, std::uint64_t size) {
    if (error.error_number() == ENOSPC || error.error_number() == EDQUOT)
        throw Error{
            ErrorCode::ResourceExhausted,
            fmt::format(
                "no space in {} for a blob of {} bytes or more: {} bytes are free",
                nacre::quoted(root.string()),
                size,
                os::free_bytes(root))}
            .with_hint("remove images that are not needed, or give the folder a larger disk");
    throw SystemError{
        error.error_number(),
        fmt::format("cannot write a blob of {} bytes in {}", size, nacre::quoted(root.string()))};
}

void flush(int file, const oci::Digest& digest, const fs::path& root) {
    if (::fdatasync(file) == 0) return;
    struct stat status{};
    ::fstat(file, &status);
    throw_write_failure(
        SystemError{errno, "cannot flush blob " + digest.str()},
        root,
        static_cast<std::uint64_t>(status.st_size));
}

/// Gives the file its name; the name is durable when the folder is synced.
void link_blob(int file, const fs::path& target) {
    os::ensure_directory(target.parent_path());
    const int linked =
        ::linkat(AT_FDCWD, proc_path(file).c_str(), AT_FDCWD, target.c_str(), AT_SYMLINK_FOLLOW);
    // EEXIST: another writer committed the same bytes first, which is just as good.
    if (linked != 0 && errno != EEXIST)
        throw SystemError{errno, "cannot name the blob " + nacre::quoted(target.string())};
}

/// A name is durable when the folder that holds it is, and that folder's own name.
void sync_folders(const std::set<fs::path>& folders) {
    std::set<fs::path> parents;
    for (const fs::path& folder : folders) {
        os::sync_directory(folder);
        parents.insert(folder.parent_path());
    }
    for (const fs::path& parent : parents) {
        os::sync_directory(parent);
        os::sync_directory(parent.parent_path());
    }
}

}  // namespace

class DirectoryIngest final : public Ingest {
public:
    explicit DirectoryIngest(DirectoryBlobStore& store)
        : store_{store},
          file_{open_nameless(store.root_)} {
        buffer_.reserve(kWriteBuffer);
    }

    void write(Bytes bytes) override {
        digester_.update(bytes);
        size_ += bytes.size();
        if (buffer_.size() + bytes.size() > kWriteBuffer) drain();
        if (bytes.size() >= kWriteBuffer) {
            write_through(bytes);
        } else {
            buffer_ += as_text(bytes);
        }
    }

    std::uint64_t size() const noexcept override { return size_; }

    oci::Digest commit() override {
        oci::Digest digest = finish();
        store_.keep(digest, std::move(file_));
        return digest;
    }

    void commit(const oci::Digest& expected) override {
        const oci::Digest sha256 = finish();
        os::FileSource content{os::open_file(proc_path(file_.get()), O_RDONLY)};
        require_digest(sha256, expected, content);
        store_.keep(expected, std::move(file_));
    }

private:
    oci::Digest finish() {
        drain();
        return oci::Digest::parse("sha256:" + digester_.finish_hex());
    }

    void drain() {
        write_through(as_bytes(buffer_));
        buffer_.clear();
    }

    void write_through(Bytes bytes) {
        try {
            os::write_all(file_.get(), bytes);
        } catch (const SystemError& error) {
            throw_write_failure(error, store_.root_, size_);
        }
    }

    DirectoryBlobStore& store_;
    os::UniqueFd file_;
    archive::Digester digester_{archive::HashAlgorithm::Sha256};
    std::string buffer_;
    std::uint64_t size_ = 0;
};

DirectoryBlobStore::DirectoryBlobStore(fs::path root, BlobDurability durability)
    : root_{std::move(root)},
      durability_{durability} {
    os::ensure_directory(root_);
    open_nameless(root_);
}

std::unique_ptr<Ingest> DirectoryBlobStore::ingest() {
    return std::make_unique<DirectoryIngest>(*this);
}

void DirectoryBlobStore::keep(const oci::Digest& digest, os::UniqueFd file) {
    if (durability_ == BlobDurability::EachCommit) {
        const fs::path target = path_of(digest);
        flush(file.get(), digest, root_);
        link_blob(file.get(), target);
        sync_folders({target.parent_path()});
        return;
    }
    if (find(digest)) return;
    start_writing(file.get());
    std::size_t waiting = 0;
    {
        auto nameless = nameless_.lock();
        nameless->emplace(digest, std::make_shared<const os::UniqueFd>(std::move(file)));
        waiting = nameless->size();
    }
    if (waiting >= kNamelessMax) sync();
}

void DirectoryBlobStore::sync() {
    const Nameless waiting = *nameless_.lock();
    std::set<fs::path> folders;
    for (const auto& [digest, file] : waiting)
        start_writing(file->get());
    for (const auto& [digest, file] : waiting)
        flush(file->get(), digest, root_);
    for (const auto& [digest, file] : waiting) {
        const fs::path target = path_of(digest);
        link_blob(file->get(), target);
        folders.insert(target.parent_path());
    }
    sync_folders(folders);
    auto nameless = nameless_.lock();
    for (const auto& [digest, file] : waiting)
        nameless->erase(digest);
}

std::shared_ptr<const os::UniqueFd> DirectoryBlobStore::find_nameless(
    const oci::Digest& digest) const {
    auto nameless = nameless_.lock();
    const auto found = nameless->find(digest);
    return found == nameless->end() ? nullptr : found->second;
}

std::optional<std::uint64_t> DirectoryBlobStore::find(const oci::Digest& digest) const {
    struct stat status{};
    const auto nameless = find_nameless(digest);
    const int result =
        nameless ? ::fstat(nameless->get(), &status) : ::stat(path_of(digest).c_str(), &status);
    if (result == 0) return static_cast<std::uint64_t>(status.st_size);
    if (errno == ENOENT) return std::nullopt;
    throw SystemError{errno, "cannot look for blob " + digest.str()};
}

std::unique_ptr<ByteSource> DirectoryBlobStore::open(
    const oci::Digest& digest, std::uint64_t offset) const {
    const auto nameless = find_nameless(digest);
    const std::string path = nameless ? proc_path(nameless->get()) : path_of(digest).string();
    os::UniqueFd file{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
    if (!file && errno == ENOENT) throw Error{ErrorCode::NotFound, "no blob " + digest.str()};
    if (!file) throw SystemError{errno, "cannot open blob " + digest.str()};
    if (offset != 0 && ::lseek(file.get(), static_cast<off_t>(offset), SEEK_SET) < 0)
        throw SystemError{errno, fmt::format("cannot read blob {} at {}", digest.str(), offset)};
    return std::make_unique<os::FileSource>(std::move(file));
}

bool DirectoryBlobStore::remove(const oci::Digest& digest) {
    const bool was_nameless = nameless_.lock()->erase(digest) > 0;
    if (::unlink(path_of(digest).c_str()) == 0) return true;
    if (errno == ENOENT) return was_nameless;
    throw SystemError{errno, "cannot remove blob " + digest.str()};
}

std::vector<oci::Digest> DirectoryBlobStore::list() const {
    std::set<oci::Digest> digests;
    {
        auto nameless = nameless_.lock();
        for (const auto& [digest, file] : *nameless)
            digests.insert(digest);
    }
    for (const std::string algorithm : {"sha256", "sha512"}) {
        if (!fs::exists(root_ / algorithm)) continue;
        for (const auto& entry : fs::recursive_directory_iterator{root_ / algorithm}) {
            const auto digest =
                oci::Digest::try_parse(algorithm + ":" + entry.path().filename().string());
            if (digest) digests.insert(*digest);
        }
    }
    return {digests.begin(), digests.end()};
}

fs::path DirectoryBlobStore::path_of(const oci::Digest& digest) const {
    const std::string hex{digest.hex()};
    return root_ / std::string{digest.algorithm()} / hex.substr(0, 2) / hex;
}

}  // namespace nacre::store
