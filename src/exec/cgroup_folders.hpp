#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace nacre::exec {

/// The folders of containers in the cgroup file systems of this machine, which are known because we choose their path. Safe
/// for all threads.
class CgroupFolders {
public:
    /// `roots` are the mount points of cgroup file systems, of both versions.
    explicit CgroupFolders(std::vector<std::filesystem::path> roots) : roots_{std::move(roots)} {}

    /// Those that are mounted now.
    static CgroupFolders find_all();

    /// The mount points of version 2 where version 1 is mounted too ("hybrid"); else none.
    static std::vector<std::filesystem::path> find_hybrid();

    /// The cgroupsPath of a container: below no other folder, so that no two containers share one to be removed.
    static std::string path_of(const std::string& id) { return "/" + id; }

    /// Removes the folders of a container that has ended. False when one could not be removed.
    bool try_remove(const std::string& id) const noexcept;

private:
    std::vector<std::filesystem::path> roots_;
};

}  // namespace nacre::exec
