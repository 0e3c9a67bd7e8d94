#include "exec/staged_mounts.hpp"

#include "base/error.hpp"
#include "base/text.hpp"
#include "os/file.hpp"

#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include <cerrno>
#include <string>

namespace nacre::exec {

StagedMounts::StagedMounts(ContainerSpec& spec, const std::filesystem::path& folder) {
    for (BindMount& mount : spec.mounts) {
        if (mount.source_fd < 0) continue;
        const std::filesystem::path place = folder / ("mount-" + std::to_string(places_.size()));
        if (!mount.name_in_mount.empty()) {
            os::ensure_directory(place, 0700);
            places_.emplace_back(mount.source_fd, place);
            mount.source = place / mount.name_in_mount;
            continue;
        }
        struct stat status{};
        os::UniqueFd tree{
            ::open_tree(mount.source_fd, "", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH)};
        if (!tree || ::fstat(mount.source_fd, &status) != 0)
            throw SystemError{errno, "cannot mount something on " + quoted(mount.target)};
        mount.source = place;
        if (S_ISDIR(status.st_mode))
            os::ensure_directory(mount.source, 0700);
        else
            os::open_file(mount.source, O_CREAT | O_EXCL | O_WRONLY, 0600).reset();
        places_.emplace_back(tree.get(), mount.source);
        mounts_.push_back(std::move(tree));
    }
}

}  // namespace nacre::exec
