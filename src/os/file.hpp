#pragma once

#include "base/bytes.hpp"
#include "os/unique_fd.hpp"

#include <sys/types.h>

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace nacre::os {

/// Opens with O_CLOEXEC added to `flags`; throws SystemError that names the path.
UniqueFd open_file(const std::filesystem::path& path, int flags, mode_t mode = 0644);

/// A file without a name that holds `content`, read from its beginning; gone with its last descriptor.
UniqueFd open_memory_file(std::string_view content);

/// Writes all of `bytes`, whatever the kernel takes at a time; throws SystemError, which for a full disk names the file, and what is free.
void write_all(int fd, Bytes bytes);

/// Reads until the end; throws Error{ResourceExhausted} when there is more than `limit` bytes.
std::string read_all(int fd, std::size_t limit);

/// The content of a file that is at most `limit` bytes long; throws SystemError, Error{ResourceExhausted}.
std::string read_file(const std::filesystem::path& path, std::size_t limit);
/// Nothing when the file does not exist.
std::optional<std::string> find_file(const std::filesystem::path& path, std::size_t limit);

enum class Durability : std::uint8_t {
    Synced,   ///< the bytes and the name survive a power cut
    Buffered  ///< they survive the end of the process only
};

/// Replaces `path` in one step: readers see the old content or the new one, whole. The temporary file
/// is in the same folder and is gone when this throws.
void write_file_atomically(
    const std::filesystem::path& path,
    std::string_view content,
    Durability durability = Durability::Synced,
    mode_t mode = 0644);

/// Flushes a folder, so that renames and new names in it survive a power cut.
void sync_directory(const std::filesystem::path& path);

void ensure_directory(const std::filesystem::path& path, mode_t mode = 0755);

/// Removes a tree without following links, foreign modes and immutable order notwithstanding; a path
/// that is not there is no error. Throws SystemError naming the first path that could not be removed.
void remove_tree(const std::filesystem::path& path);

/// Bytes free for an ordinary user on the file system of `path`.
std::uint64_t free_bytes(const std::filesystem::path& path);

/// Reads a file through a descriptor it owns.
class FileSource final : public ByteSource {
public:
    explicit FileSource(UniqueFd fd) noexcept : fd_{std::move(fd)} {}

    std::size_t read(std::span<std::byte> buffer) override;

private:
    UniqueFd fd_;
};

/// Writes to a descriptor that outlives it.
class FdSink final : public ByteSink {
public:
    explicit FdSink(int fd) noexcept : fd_{fd} {}

    void write(Bytes bytes) override { write_all(fd_, bytes); }

private:
    int fd_;
};

}  // namespace nacre::os
