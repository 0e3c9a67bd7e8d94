#pragma once

#include "engine/attributes.hpp"
#include "os/unique_fd.hpp"

#include <sys/stat.h>

#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace nacre::engine {

/// The root of an image on disk, for reading, and the only way in which the engine touches paths of one: the kernel resolves
/// them with this folder as '/' (openat2, RESOLVE_IN_ROOT), so that no link and no ".." leads out of it. Paths may begin with
/// '/'. Confined to one thread.
class RootFolder {
public:
    explicit RootFolder(const std::filesystem::path& folder);

    /// Of the entry itself, or of what links at the end lead to. Nothing when it is not there.
    std::optional<struct stat> find(const std::string& path) const;
    std::optional<struct stat> find_target(const std::string& path) const;

    /// Opens what is there for reading, links followed inside the root. Throws SystemError.
    os::UniqueFd open(const std::string& path, int flags) const;

    /// The content of a regular file of at most `limit` bytes; nothing when there is none. Devices, pipes and folders
    /// give nothing.
    std::optional<std::string> find_text(const std::string& path, std::size_t limit) const;

    std::string read_link(const std::string& path) const;
    /// Names in a folder, sorted.
    std::vector<std::string> list(const std::string& path) const;
    Xattrs xattrs(const std::string& path) const;

private:
    os::UniqueFd try_open(const std::string& path, int flags) const;
    std::string shown(const std::string& path) const;

    os::UniqueFd root_;
};

}  // namespace nacre::engine
