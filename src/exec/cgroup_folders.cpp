#include "exec/cgroup_folders.hpp"

#include "os/capabilities.hpp"
#include "os/file.hpp"

#include <unistd.h>

#include <cerrno>

namespace nacre::exec {
namespace {

constexpr std::size_t kMountInfoBytesMax = 16U << 20U;

std::vector<os::MountEntry> read_mounts() {
    return os::parse_mountinfo(
        os::find_file("/proc/self/mountinfo", kMountInfoBytesMax).value_or(""));
}

}  // namespace

CgroupFolders CgroupFolders::find_all() {
    std::vector<std::filesystem::path> roots;
    for (const os::MountEntry& mount : read_mounts())
        if (mount.type == "cgroup" || mount.type == "cgroup2")
            roots.emplace_back(mount.mount_point);
    return CgroupFolders{std::move(roots)};
}

std::vector<std::filesystem::path> CgroupFolders::find_hybrid() {
    std::vector<std::filesystem::path> unified;
    bool has_legacy = false;
    for (const os::MountEntry& mount : read_mounts()) {
        has_legacy = has_legacy || mount.type == "cgroup";
        if (mount.type == "cgroup2") unified.emplace_back(mount.mount_point);
    }
    if (!has_legacy) unified.clear();
    return unified;
}

bool CgroupFolders::try_remove(const std::string& id) const noexcept {
    bool gone = true;
    for (const std::filesystem::path& root : roots_) {
        const std::string folder = root.native() + path_of(id);
        if (::rmdir(folder.c_str()) != 0 && errno != ENOENT) gone = false;
    }
    return gone;
}

}  // namespace nacre::exec
