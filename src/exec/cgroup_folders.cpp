#include "exec/cgroup_folders.hpp"

#include "os/capabilities.hpp"
#include "os/file.hpp"

#include <unistd.h>

#include <cerrno>

namespace nacre::exec {
namespace {

constexpr std::size_t kMountInfoBytesMax = 16U << 20U;

}  // namespace

CgroupFolders CgroupFolders::find_all() {
    std::vector<std::filesystem::path> roots;
    const std::string text = os::find_file("/proc/self/mountinfo", kMountInfoBytesMax).value_or("");
    for (const os::MountEntry& mount : os::parse_mountinfo(text))
        if (mount.type == "cgroup" || mount.type == "cgroup2")
            roots.emplace_back(mount.mount_point);
    return CgroupFolders{std::move(roots)};
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
