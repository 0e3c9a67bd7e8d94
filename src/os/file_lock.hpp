#pragma once

#include "os/unique_fd.hpp"

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <stop_token>
#include <utility>

namespace nacre::os {

enum class LockMode : std::uint8_t { Exclusive, Shared };

/// A lock on a file (open file description lock): released by the destructor, and by the
/// kernel when the process dies.
class FileLock {
public:
    /// Creates the file when it is missing. Nothing when somebody else holds a lock that excludes it.
    static std::optional<FileLock> try_acquire(
        const std::filesystem::path& path, LockMode mode = LockMode::Exclusive);

    enum class Afterwards : std::uint8_t { Keep, Remove };

    /// Waits for the lock; throws Error{DeadlineExceeded} after `limit`, Cancelled when `stop` is requested. A file that
    /// is removed afterwards must be locked in no other way.
    static FileLock acquire(
        const std::filesystem::path& path,
        std::chrono::milliseconds limit,
        std::stop_token stop,
        Afterwards afterwards = Afterwards::Keep,
        LockMode mode = LockMode::Exclusive);

    FileLock(FileLock&&) noexcept = default;

    FileLock& operator=(FileLock&& other) noexcept {
        std::swap(fd_, other.fd_);
        std::swap(removed_, other.removed_);
        return *this;
    }

    FileLock(const FileLock&) = delete;
    FileLock& operator=(const FileLock&) = delete;
    ~FileLock();

private:
    explicit FileLock(UniqueFd fd, std::filesystem::path removed = {}) noexcept
        : fd_{std::move(fd)},
          removed_{std::move(removed)} {}

    UniqueFd fd_;
    std::filesystem::path removed_;  ///< by the destructor; empty: nothing
};

}  // namespace nacre::os
