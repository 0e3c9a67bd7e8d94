#pragma once

#include "os/unique_fd.hpp"

#include <filesystem>
#include <string_view>

namespace nacre::os {

/// A folder of its own, mode 0700, removed with all that is in it. Its name starts with "tmp-" and the prefix, and the
/// object holds a lock on it (flock), which the kernel releases when the process dies in whatever way: so a later sweep
/// knows what nobody needs, although process ids are used again.
class TempDir {
public:
    /// Creates it inside `parent`, which must exist.
    TempDir(const std::filesystem::path& parent, std::string_view prefix);
    TempDir(TempDir&& other) noexcept;
    TempDir& operator=(TempDir&& other) noexcept;
    TempDir(const TempDir&) = delete;
    TempDir& operator=(const TempDir&) = delete;
    ~TempDir();

    const std::filesystem::path& path() const noexcept { return path_; }

    /// Leaves the folder where it is; the caller owns it now.
    [[nodiscard]] std::filesystem::path keep() noexcept;

private:
    std::filesystem::path path_;
    UniqueFd lock_;
};

/// Removes the "tmp-*" folders of `parent` that no process holds. Returns how many.
int sweep_temporaries(const std::filesystem::path& parent);

}  // namespace nacre::os
