#include "os/file.hpp"

#include "base/error.hpp"
#include "base/text.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <system_error>

namespace nacre::os {
namespace {

constexpr std::size_t kReadStep = 64U << 10U;
constexpr int kTemporaryNamesMax = 100;

std::string system_message(std::string_view what, const std::filesystem::path& path) {
    return "cannot " + std::string{what} + " " + quoted(path.string());
}

/// Reads what is there, at most `limit` + 1 bytes; false when there is more.
bool read_up_to(int fd, std::size_t limit, std::string& text) {
    for (;;) {
        const std::size_t old = text.size();
        text.resize(old + std::min(kReadStep, limit + 1 - old));
        const ssize_t count = ::read(fd, text.data() + old, text.size() - old);
        text.resize(old + static_cast<std::size_t>(std::max<ssize_t>(count, 0)));
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) throw SystemError{errno, "cannot read"};
        if (count == 0) return true;
        if (text.size() > limit) return false;
    }
}

/// After write() failed. Of a disk that is full it says which file was written, and what is free.
[[noreturn]] void throw_cannot_write(int fd, std::size_t size) {
    const int error_number = errno;
    struct statvfs status = {};
    std::error_code unknown;
    const auto path = std::filesystem::read_symlink("/proc/self/fd/" + std::to_string(fd), unknown);
    if ((error_number != ENOSPC && error_number != EDQUOT) || unknown
        || ::fstatvfs(fd, &status) != 0)
        throw SystemError{error_number, "cannot write"};
    throw SystemError{
        error_number,
        "cannot write " + std::to_string(size) + " bytes to " + quoted(path.string()) + ", with "
            + std::to_string(std::uint64_t{status.f_bavail} * status.f_frsize) + " bytes free"};
}

std::string read_whole(int fd, std::size_t limit, const std::filesystem::path& path) {
    return with_context("reading " + quoted(path.string()), [&] { return read_all(fd, limit); });
}

/// The unfinished file next to its final name; gone with this object unless it was renamed.
class PendingFile {
public:
    PendingFile(const std::filesystem::path& final_path, mode_t mode) : final_path_{final_path} {
        for (int attempt = 0; attempt < kTemporaryNamesMax; ++attempt) {
            path_ = final_path;
            path_ += ".tmp-" + std::to_string(::getpid()) + "-" + std::to_string(attempt);
            fd_.reset(::open(path_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode));
            if (fd_) return;
            if (errno != EEXIST) break;
        }
        const int error_number = errno;
        path_.clear();
        throw SystemError{error_number, system_message("create", final_path)};
    }

    PendingFile(const PendingFile&) = delete;
    PendingFile& operator=(const PendingFile&) = delete;

    ~PendingFile() {
        if (!path_.empty()) ::unlink(path_.c_str());
    }

    int fd() const noexcept { return fd_.get(); }

    void sync() {
        if (::fsync(fd_.get()) != 0) throw SystemError{errno, system_message("sync", path_)};
    }

    void commit() {
        fd_.close();
        if (::rename(path_.c_str(), final_path_.c_str()) != 0)
            throw SystemError{errno, system_message("replace", final_path_)};
        path_.clear();
    }

private:
    std::filesystem::path final_path_;
    std::filesystem::path path_;
    UniqueFd fd_;
};

}  // namespace

UniqueFd open_file(const std::filesystem::path& path, int flags, mode_t mode) {
    UniqueFd fd{::open(path.c_str(), flags | O_CLOEXEC, mode)};
    if (!fd) throw SystemError{errno, system_message("open", path)};
    return fd;
}

UniqueFd open_memory_file(std::string_view content) {
    UniqueFd fd{::memfd_create("nacre", MFD_CLOEXEC)};
    if (!fd) throw SystemError{errno, "cannot create a file in memory"};
    write_all(fd.get(), as_bytes(content));
    if (::lseek(fd.get(), 0, SEEK_SET) < 0)
        throw SystemError{errno, "cannot rewind a file in memory"};
    return fd;
}

void write_all(int fd, Bytes bytes) {
    while (!bytes.empty()) {
        const ssize_t count = ::write(fd, bytes.data(), bytes.size());
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) throw_cannot_write(fd, bytes.size());
        bytes = bytes.subspan(static_cast<std::size_t>(count));
    }
}

std::string read_all(int fd, std::size_t limit) {
    std::string text;
    if (!read_up_to(fd, limit, text))
        throw Error{
            ErrorCode::ResourceExhausted,
            "more than the " + std::to_string(limit) + " bytes that are accepted"};
    return text;
}

std::string read_file(const std::filesystem::path& path, std::size_t limit) {
    const UniqueFd fd = open_file(path, O_RDONLY);
    return read_whole(fd.get(), limit, path);
}

std::optional<std::string> find_file(const std::filesystem::path& path, std::size_t limit) {
    const UniqueFd fd{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
    if (!fd && (errno == ENOENT || errno == ENOTDIR)) return std::nullopt;
    if (!fd) throw SystemError{errno, system_message("open", path)};
    return read_whole(fd.get(), limit, path);
}

void write_file_atomically(
    const std::filesystem::path& path,
    std::string_view content,
    Durability durability,
    mode_t mode) {
    PendingFile file{path, mode};
    with_context(
        "writing " + quoted(path.string()), [&] { write_all(file.fd(), as_bytes(content)); });
    if (durability == Durability::Synced) file.sync();
    file.commit();
    if (durability == Durability::Synced)
        sync_directory(path.has_parent_path() ? path.parent_path() : ".");
}

void sync_directory(const std::filesystem::path& path) {
    const UniqueFd fd = open_file(path, O_RDONLY | O_DIRECTORY);
    if (::fsync(fd.get()) != 0) throw SystemError{errno, system_message("sync", path)};
}

void ensure_directory(const std::filesystem::path& path, mode_t mode) {
    if (path.empty() || ::mkdir(path.c_str(), mode) == 0) return;
    if (errno == ENOENT && path.has_parent_path() && path.parent_path() != path) {
        ensure_directory(path.parent_path(), mode);
        if (!path.has_filename() || ::mkdir(path.c_str(), mode) == 0) return;
    }
    const int error_number = errno;
    struct stat status = {};
    // EEXIST may stand for a file, and EROFS for a folder that is there.
    if (::stat(path.c_str(), &status) == 0) {
        if (S_ISDIR(status.st_mode)) return;
        throw SystemError{ENOTDIR, system_message("create folder", path)};
    }
    throw SystemError{error_number, system_message("create folder", path)};
}

std::uint64_t free_bytes(const std::filesystem::path& path) {
    struct statvfs status = {};
    if (::statvfs(path.c_str(), &status) != 0)
        throw SystemError{errno, system_message("read the free space of", path)};
    return std::uint64_t{status.f_bavail} * status.f_frsize;
}

std::size_t FileSource::read(std::span<std::byte> buffer) {
    for (;;) {
        const ssize_t count = ::read(fd_.get(), buffer.data(), buffer.size());
        if (count >= 0) return static_cast<std::size_t>(count);
        if (errno != EINTR) throw SystemError{errno, "cannot read"};
    }
}

}  // namespace nacre::os
