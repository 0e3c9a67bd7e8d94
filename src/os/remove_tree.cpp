// Removal of trees that strangers filled: images hold folders without permissions, immutable files, and
// chains of folders deeper than the limit of open descriptors. Nothing here follows a link or enters a mount
// (RESOLVE_NO_XDEV sees bind mounts too): a snapshot that is still mounted is an error, and its content is
// safe. A folder that lies deeper than kDescentMax is moved up into the top folder, whose list is then read
// again, so the number of open descriptors is bounded whatever the depth.
#include "base/error.hpp"
#include "base/text.hpp"
#include "os/directory.hpp"
#include "os/file.hpp"

#include <fcntl.h>
#include <linux/fs.h>
#include <linux/openat2.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

namespace nacre::os {
namespace {

constexpr int kDescentMax = 64;
constexpr int kPassesMax = 1000;

[[noreturn]] void fail(int error_number, const std::filesystem::path& path) {
    throw SystemError{error_number, "cannot remove " + quoted(path.string())};
}

UniqueFd open_without_mounts(int parent, const std::string& name) noexcept {
    open_how how = {};
    how.flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
    how.resolve = RESOLVE_NO_XDEV | RESOLVE_NO_SYMLINKS;
    return UniqueFd{
        static_cast<int>(::syscall(SYS_openat2, parent, name.c_str(), &how, sizeof how))};
}

/// Takes away the attributes that forbid removal (chattr +i, +a); failures show when removing.
void clear_attributes(int fd) noexcept {
    constexpr auto kForbidding = static_cast<unsigned int>(FS_IMMUTABLE_FL | FS_APPEND_FL);
    unsigned int flags = 0;
    if (::ioctl(fd, FS_IOC_GETFLAGS, &flags) != 0 || (flags & kForbidding) == 0) return;
    flags &= ~kForbidding;
    ::ioctl(fd, FS_IOC_SETFLAGS, &flags);
}

/// Makes `name` removable after a refusal: modes of the folder, attributes of both.
void loosen(int parent, const std::string& name) noexcept {
    clear_attributes(parent);
    ::fchmod(parent, S_IRWXU);
    struct stat status = {};
    if (::fstatat(parent, name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) return;
    // Opening a device or a pipe has effects; they carry no such attributes.
    if (!S_ISREG(status.st_mode) && !S_ISDIR(status.st_mode)) return;
    const UniqueFd entry{::openat(parent, name.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC)};
    if (entry) clear_attributes(entry.get());
}

/// Returns 0 or the error number.
int unlink_firmly(int parent, const std::string& name, int flags) noexcept {
    if (::unlinkat(parent, name.c_str(), flags) == 0 || errno == ENOENT) return 0;
    if (errno != EACCES && errno != EPERM) return errno;
    loosen(parent, name);
    if (::unlinkat(parent, name.c_str(), flags) == 0 || errno == ENOENT) return 0;
    return errno;
}

class TreeRemoval {
public:
    explicit TreeRemoval(Directory& top) : top_{top} {}

    void run() {
        for (int pass = 0; pass < kPassesMax; ++pass) {
            if (!remove_content(top_, 0)) return;
            top_.rewind();
        }
        throw Error{
            ErrorCode::ResourceExhausted,
            "cannot remove " + quoted(top_.path().string())
                + ": somebody creates files in it meanwhile, or it is nested too deeply"};
    }

private:
    /// False when there was nothing.
    bool remove_content(Directory& folder, int depth) {
        bool found = false;
        while (const auto entry = folder.next()) {
            found = true;
            if (entry->type != DT_DIR && entry->type != DT_UNKNOWN)
                remove_file(folder, entry->name);
            else
                remove_folder(folder, entry->name, depth);
        }
        return found;
    }

    static void remove_file(const Directory& folder, const std::string& name) {
        if (const int error = unlink_firmly(folder.fd(), name, 0); error != 0)
            fail(error, folder.path() / name);
    }

    void remove_folder(const Directory& parent, const std::string& name, int depth) {
        if (unlink_firmly(parent.fd(), name, AT_REMOVEDIR) == 0) return;
        UniqueFd fd = open_without_mounts(parent.fd(), name);
        if (!fd && errno == ENOTDIR) return remove_file(parent, name);
        if (!fd && errno == EACCES) {
            ::fchmodat(parent.fd(), name.c_str(), S_IRWXU, 0);
            fd = open_without_mounts(parent.fd(), name);
        }
        if (!fd) {
            if (errno == ENOENT) return;
            if (errno == EXDEV) refuse_mount(parent.path() / name);
            fail(errno, parent.path() / name);
        }
        if (depth >= kDescentMax) return move_up(parent, name);
        Directory folder{std::move(fd), parent.path() / name};
        remove_content(folder, depth + 1);
        if (const int error = unlink_firmly(parent.fd(), name, AT_REMOVEDIR); error != 0)
            fail(error, folder.path());
    }

    void move_up(const Directory& parent, const std::string& name) {
        const std::string moved = ".nacre-removing-" + std::to_string(moved_++);
        if (::renameat(parent.fd(), name.c_str(), top_.fd(), moved.c_str()) != 0)
            fail(errno, parent.path() / name);
    }

    [[noreturn]] static void refuse_mount(const std::filesystem::path& path) {
        throw Error{
            ErrorCode::Conflict,
            "cannot remove " + quoted(path.string()) + ": a file system is mounted there"}
            .with_hint("unmount it first");
    }

    Directory& top_;
    int moved_ = 0;
};

}  // namespace

void remove_tree(const std::filesystem::path& path) {
    const std::filesystem::path clean =
        path.has_filename() ? path : path.parent_path();  // "a/b/" names b
    const std::filesystem::path parent = clean.has_parent_path() ? clean.parent_path() : ".";
    const UniqueFd parent_fd{::open(parent.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
    if (!parent_fd) {
        if (errno == ENOENT) return;
        fail(errno, path);
    }
    const std::string name = clean.filename().string();
    const int unlink_error = unlink_firmly(parent_fd.get(), name, 0);
    if (unlink_error == 0) return;
    // A folder gives EISDIR, or EPERM where the file system follows POSIX.
    if (unlink_error != EISDIR && unlink_error != EPERM) fail(unlink_error, path);
    UniqueFd fd = open_without_mounts(parent_fd.get(), name);
    if (!fd && errno == EACCES) {
        ::fchmodat(parent_fd.get(), name.c_str(), S_IRWXU, 0);
        fd = open_without_mounts(parent_fd.get(), name);
    }
    if (!fd) fail(errno == ENOTDIR ? unlink_error : errno, path);
    Directory top{std::move(fd), clean};
    TreeRemoval{top}.run();
    if (const int error = unlink_firmly(parent_fd.get(), name, AT_REMOVEDIR); error != 0)
        fail(error, path);
}

}  // namespace nacre::os
