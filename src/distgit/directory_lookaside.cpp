#include "distgit/directory_lookaside.hpp"

#include "archive/digester.hpp"
#include "base/error.hpp"
#include "base/text.hpp"
#include "os/file.hpp"
#include "os/temp.hpp"
#include "os/unique_fd.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdio>

namespace nacre::distgit {
namespace {

namespace fs = std::filesystem;

constexpr mode_t kFileMode = 0644;
// The group of the root is kept, as in the original's layout.
constexpr mode_t kFolderMode = 02755;

WallTime to_wall_time(const timespec& time) {
    return WallTime{std::chrono::duration_cast<WallTime::duration>(
        std::chrono::seconds{time.tv_sec} + std::chrono::nanoseconds{time.tv_nsec})};
}

timespec to_timespec(WallTime time) {
    const auto seconds = std::chrono::floor<std::chrono::seconds>(time);
    const auto rest = std::chrono::duration_cast<std::chrono::nanoseconds>(time - seconds);
    return {.tv_sec = seconds.time_since_epoch().count(), .tv_nsec = rest.count()};
}

std::optional<struct stat> find_status(const fs::path& path) {
    struct stat status{};
    if (::stat(path.c_str(), &status) == 0) return status;
    if (errno == ENOENT || errno == ENOTDIR) return std::nullopt;
    throw SystemError{errno, "cannot look at " + nacre::quoted(path.string())};
}

/// Makes the missing folders from `root` down to `path`, each durably.
void ensure_folders(const fs::path& root, const fs::path& relative) {
    fs::path path = root;
    for (const fs::path& part : relative) {
        const fs::path parent = path;
        path /= part;
        if (::mkdir(path.c_str(), kFolderMode) == 0) {
            ::chmod(path.c_str(), kFolderMode);
            os::sync_directory(parent);
        } else if (errno != EEXIST) {
            throw SystemError{errno, "cannot create folder " + nacre::quoted(path.string())};
        }
    }
}

class DirectoryUpload final : public LookasideUpload {
public:
    DirectoryUpload(const fs::path& root, const Clock& clock)
        : root_{root},
          clock_{clock},
          draft_{root, "upload"},
          fd_{os::open_file(draft_.path() / "file", O_WRONLY | O_CREAT | O_EXCL, kFileMode)} {}

    void write(Bytes bytes) override {
        os::write_all(fd_.get(), bytes);
        digester_.update(bytes);
        size_ += bytes.size();
    }

    std::uint64_t size() const noexcept override { return size_; }

    const std::string& checksum() override {
        if (checksum_.empty()) checksum_ = digester_.finish_hex();
        return checksum_;
    }

    void commit(const LookasideFile& file, std::optional<WallTime> modified) override {
        require_match(file, checksum());
        const fs::path relative = file.path();
        const fs::path target = root_ / relative;
        if (find_status(target)) return;
        finish_file(modified.value_or(clock_.wall_now()));
        ensure_folders(root_, relative.parent_path());
        if (std::rename((draft_.path() / "file").c_str(), target.c_str()) != 0)
            throw SystemError{errno, "cannot rename to " + nacre::quoted(target.string())};
        os::sync_directory(target.parent_path());
    }

private:
    void finish_file(WallTime modified) {
        const timespec time = to_timespec(modified);
        const timespec times[2] = {time, time};
        if (::fchmod(fd_.get(), kFileMode) != 0 || ::futimens(fd_.get(), &times[0]) != 0
            || ::fsync(fd_.get()) != 0)
            throw SystemError{errno, "cannot store a file of the lookaside"};
        fd_.close();
    }

    fs::path root_;
    const Clock& clock_;
    os::TempDir draft_;
    os::UniqueFd fd_;
    archive::Digester digester_{archive::HashAlgorithm::Sha512};
    std::string checksum_;
    std::uint64_t size_ = 0;
};

}  // namespace

DirectoryLookaside::DirectoryLookaside(fs::path root, const Clock& clock)
    : root_{std::move(root)},
      clock_{clock} {
    os::ensure_directory(root_);
    os::sweep_temporaries(root_);
}

std::optional<StoredFile> DirectoryLookaside::find(const LookasideFile& file) const {
    const auto status = find_status(root_ / file.path());
    if (!status || !S_ISREG(status->st_mode)) return std::nullopt;
    return StoredFile{static_cast<std::uint64_t>(status->st_size), to_wall_time(status->st_mtim)};
}

std::unique_ptr<ByteSource> DirectoryLookaside::open(const LookasideFile& file) const {
    if (!find(file)) throw Error{ErrorCode::NotFound, "no such file: " + file.path()};
    return std::make_unique<os::FileSource>(os::open_file(root_ / file.path(), O_RDONLY));
}

std::unique_ptr<LookasideUpload> DirectoryLookaside::upload() {
    return std::make_unique<DirectoryUpload>(root_, clock_);
}

}  // namespace nacre::distgit
