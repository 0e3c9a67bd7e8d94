#pragma once

#include "dockerfile/mount.hpp"
#include "engine/step_key.hpp"
#include "os/file_lock.hpp"

#include <filesystem>
#include <functional>
#include <stop_token>
#include <string>
#include <vector>

namespace nacre::engine {

/// The folder of one `RUN --mount=type=cache` for as long as a step uses it.
///
///     <root>/<trust>/<64 hex digits>/id           what the Dockerfile calls it, for people
///     <root>/<trust>/<64 hex digits>/<n>/lock     held shared, or alone when the step wants nobody beside it
///     <root>/<trust>/<64 hex digits>/<n>/content  what the step sees
///
/// The digits are of the id, the owner and mode of a new folder, and the layers that it begins with: nothing that a Dockerfile
/// says becomes a path. Builds of one trust never see the folders of another. `n` is 0, unless a step wants a folder of its
/// own and others use that one. A file in use keeps the time of its last use.
class CacheFolder {
public:
    struct Request {
        const dockerfile::CacheMount& mount;
        Trust trust = Trust::Scratch;
        std::vector<std::string> origin;  ///< names what a new folder begins with
        /// Fills a new folder. May be empty.
        std::function<void(const std::filesystem::path& folder)> fill;
    };

    /// Waits for others as the mount's sharing says; throws Error{DeadlineExceeded}, Cancelled. Safe between processes.
    static CacheFolder acquire(
        const std::filesystem::path& root, const Request& request, const std::stop_token& stop);

    const std::filesystem::path& content() const noexcept { return content_; }

private:
    CacheFolder(std::filesystem::path content, os::FileLock lock)
        : content_{std::move(content)},
          lock_{std::move(lock)} {}

    std::filesystem::path content_;
    os::FileLock lock_;
};

}  // namespace nacre::engine
