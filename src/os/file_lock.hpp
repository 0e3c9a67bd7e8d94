#pragma once

#include "os/unique_fd.hpp"

#include <chrono>
#include <filesystem>
#include <optional>
#include <stop_token>

namespace nacre::os {

/// An exclusive lock on a file (open file description lock): released by the destructor, and by the
/// kernel when the process dies.
class FileLock {
public:
    /// Creates the file when it is missing. Nothing when somebody else holds the lock.
    static std::optional<FileLock> try_acquire(const std::filesystem::path& path);

    /// Waits for the lock; throws Error{DeadlineExceeded} after `limit`, Cancelled when `stop` is requested.
    static FileLock acquire(
        const std::filesystem::path& path, std::chrono::milliseconds limit, std::stop_token stop);

private:
    explicit FileLock(UniqueFd fd) noexcept : fd_{std::move(fd)} {}

    UniqueFd fd_;
};

}  // namespace nacre::os
