#pragma once

#include <filesystem>
#include <string_view>

namespace nacre::os {

/// A folder of its own, mode 0700, removed with all that is in it. Its name starts with "tmp-", the prefix
/// and this process's id, so that a later start can sweep what a killed process left.
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
};

/// Removes the "tmp-*" entries of `parent` whose process is gone. Returns how many.
int sweep_temporaries(const std::filesystem::path& parent);

}  // namespace nacre::os
