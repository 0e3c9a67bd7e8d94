#include "exec/mount_points.hpp"

#include "base/error.hpp"
#include "base/text.hpp"
#include "os/file.hpp"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <optional>

namespace nacre::exec {
namespace {

os::UniqueFd try_open(int root, const std::string& path, int flags) {
    open_how how{};
    how.flags =
        static_cast<std::uint64_t>(static_cast<unsigned>(flags | O_PATH | O_NOFOLLOW | O_CLOEXEC));
    how.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_SYMLINKS;
    const char* name = path.empty() ? "." : path.c_str();
    return os::UniqueFd{static_cast<int>(::syscall(SYS_openat2, root, name, &how, sizeof how))};
}

std::optional<struct stat> find(int root, const std::string& path) {
    const std::size_t slash = path.rfind('/');
    const os::UniqueFd parent =
        try_open(root, slash == std::string::npos ? "" : path.substr(0, slash), O_DIRECTORY);
    struct stat status{};
    if (!parent) return std::nullopt;
    const std::string name = path.substr(slash == std::string::npos ? 0 : slash + 1);
    if (::fstatat(parent.get(), name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0)
        return std::nullopt;
    return status;
}

}  // namespace

MountPoints::MountPoints(const std::filesystem::path& root, const std::vector<std::string>& targets)
    : root_{os::open_file(root, O_PATH | O_DIRECTORY)} {
    for (const std::string& target : targets)
        check(target);
}

void MountPoints::check(const std::string& target) {
    std::string path;
    for (const std::string& part : split(target, '/')) {
        if (part.empty()) continue;
        if (part == "." || part == "..")
            throw Error{
                ErrorCode::InvalidArgument,
                "mount target " + quoted(target) + " has '" + part + "'"};
        path += (path.empty() ? "" : "/") + part;
        const auto status = find(root_.get(), path);
        if (status && S_ISLNK(status->st_mode))
            throw Error{
                ErrorCode::InvalidArgument,
                "'/" + path + "' of the image is a link, and something must be mounted there"}
                .with_hint(
                    "use an image in which it is a plain folder or file: a link could lead out of "
                    "the container");
        if (!status && std::ranges::find(missing_, path) == missing_.end())
            missing_.push_back(path);
    }
}

MountPoints::~MountPoints() {
    for (auto path = missing_.rbegin(); path != missing_.rend(); ++path) {
        const std::size_t slash = path->rfind('/');
        const os::UniqueFd parent = try_open(
            root_.get(), slash == std::string::npos ? "" : path->substr(0, slash), O_DIRECTORY);
        const auto status = find(root_.get(), *path);
        if (!parent || !status) continue;
        const std::string name = path->substr(slash == std::string::npos ? 0 : slash + 1);
        // Only what a runtime makes goes: an empty file or an empty folder. The step may have put something there.
        if (S_ISDIR(status->st_mode))
            ::unlinkat(parent.get(), name.c_str(), AT_REMOVEDIR);
        else if (S_ISREG(status->st_mode) && status->st_size == 0)
            ::unlinkat(parent.get(), name.c_str(), 0);
    }
}

}  // namespace nacre::exec
