#include "store/tree_copy.hpp"

#include "base/error.hpp"
#include "base/text.hpp"
#include "os/file.hpp"
#include "store/in_root.hpp"
#include "store/xattrs.hpp"

#include <climits>

#include <fcntl.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <map>
#include <span>
#include <vector>

namespace nacre::store {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kReadBytes = 256U << 10U;

[[noreturn]] void fail(std::string_view what, const std::string& name) {
    throw SystemError{errno, "cannot " + std::string{what} + " " + nacre::quoted(name)};
}

struct stat status_of(int folder, const std::string& name) {
    struct stat status{};
    if (::fstatat(folder, name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) fail("look at", name);
    return status;
}

bool is_whiteout(const struct stat& status) noexcept {
    return S_ISCHR(status.st_mode) && status.st_rdev == 0;
}

/// From where both are.
void copy_bytes(int in, int out, const std::string& name) {
    std::vector<std::byte> buffer(kReadBytes);
    while (true) {
        const ssize_t count = ::read(in, buffer.data(), buffer.size());
        if (count == 0) return;
        if (count < 0 && errno != EINTR) fail("read", name);
        if (count > 0) os::write_all(out, std::span{buffer}.first(static_cast<std::size_t>(count)));
    }
}

void copy_content(int from, const std::string& from_name, int to, const std::string& to_name) {
    const os::UniqueFd in{::openat(from, from_name.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC)};
    if (!in) fail("open", from_name);
    os::UniqueFd out{
        ::openat(to, to_name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600)};
    if (!out) fail("make", to_name);
    // Shares the blocks where the file system can (xfs, btrfs).
    if (::ioctl(out.get(), FICLONE, in.get()) == 0) return;
    constexpr std::size_t kStep = 16U << 20U;
    while (true) {
        const ssize_t copied = ::copy_file_range(in.get(), nullptr, out.get(), nullptr, kStep, 0);
        if (copied == 0) break;
        if (copied < 0
            && (errno == EXDEV || errno == EINVAL || errno == EOPNOTSUPP || errno == ENOSPC)) {
            // File systems of two kinds; or a full one, of which write() says more.
            copy_bytes(in.get(), out.get(), from_name);
            break;
        }
        if (copied < 0 && errno != EINTR) fail("copy", from_name);
    }
    out.close();
}

void copy_link(int from, const std::string& from_name, int to, const std::string& to_name) {
    std::string target(PATH_MAX, '\0');
    const ssize_t size = ::readlinkat(from, from_name.c_str(), target.data(), target.size());
    if (size < 0) fail("read the link", from_name);
    target.resize(static_cast<std::size_t>(size));
    if (::symlinkat(target.c_str(), to, to_name.c_str()) != 0) fail("make the link", to_name);
}

os::UniqueFd open_folder(int root, const std::string& path) {
    os::UniqueFd fd = try_open_in_root(root, path, O_PATH | O_DIRECTORY, Links::Refuse);
    if (!fd) fail("open the folder", path);
    return fd;
}

class Overlayer {
public:
    Overlayer(const fs::path& layer, const fs::path& tree)
        : layer_{os::open_file(layer, O_PATH | O_DIRECTORY)},
          tree_{os::open_file(tree, O_PATH | O_DIRECTORY)} {}

    void run() {
        if (is_opaque(path_in(layer_.get(), "."))) empty_tree();
        std::vector<std::string> folders{""};
        for (std::size_t i = 0; i < folders.size(); ++i) {
            const std::string folder = folders[i];
            const std::string prefix = folder.empty() ? "" : folder + "/";
            const os::UniqueFd from = open_folder(layer_.get(), folder);
            const os::UniqueFd to = open_folder(tree_.get(), folder);
            for (const auto& entry : fs::directory_iterator{path_in(from.get(), "")}) {
                const std::string name = entry.path().filename().string();
                if (lay(from.get(), to.get(), prefix, name)) folders.push_back(prefix + name);
            }
        }
        // Inside out, because filling a folder changes its time.
        for (auto it = folders.rbegin(); it != folders.rend(); ++it) {
            const os::UniqueFd from = open_folder(layer_.get(), *it);
            const os::UniqueFd to = open_folder(tree_.get(), *it);
            copy_attributes(from.get(), ".", to.get(), ".");
        }
    }

private:
    void empty_tree() {
        for (const auto& entry : fs::directory_iterator{path_in(tree_.get(), "")})
            os::remove_tree(entry.path());
    }

    /// True for a folder, whose content is to follow.
    bool lay(int from, int to, const std::string& prefix, const std::string& name) {
        const struct stat status = status_of(from, name);
        struct stat below{};
        const bool there = ::fstatat(to, name.c_str(), &below, AT_SYMLINK_NOFOLLOW) == 0;
        const bool merges = there && S_ISDIR(status.st_mode) && S_ISDIR(below.st_mode)
                            && !is_opaque(path_in(from, name));
        if (there && !merges) os::remove_tree(path_in(to, name));
        if (is_whiteout(status)) return false;
        if (merges) return true;
        if (!S_ISDIR(status.st_mode) && status.st_nlink > 1) {
            const auto [first, is_new] =
                first_paths_.try_emplace({status.st_dev, status.st_ino}, prefix + name);
            if (!is_new) {
                link(first->second, to, name);
                return false;
            }
        }
        copy_entry(from, name, to, name);
        return S_ISDIR(status.st_mode);
    }

    void link(const std::string& first, int to, const std::string& name) {
        const std::size_t slash = first.rfind('/');
        const os::UniqueFd folder =
            open_folder(tree_.get(), slash == std::string::npos ? "" : first.substr(0, slash));
        const std::string first_name = first.substr(slash + 1);
        if (::linkat(folder.get(), first_name.c_str(), to, name.c_str(), 0) != 0)
            fail("make the hard link", name);
    }

    os::UniqueFd layer_;
    os::UniqueFd tree_;
    std::map<std::pair<dev_t, ino_t>, std::string> first_paths_;
};

}  // namespace

void copy_attributes(int from, const std::string& from_name, int to, const std::string& to_name) {
    const struct stat status = status_of(from, from_name);
    if (current_privilege() == Privilege::Root
        && ::fchownat(to, to_name.c_str(), status.st_uid, status.st_gid, AT_SYMLINK_NOFOLLOW) != 0)
        fail("set the owner of", to_name);
    if (!S_ISLNK(status.st_mode)
        && ::fchmodat(to, to_name.c_str(), status.st_mode & 07777U, 0) != 0)
        fail("set the mode of", to_name);
    for (const auto& [name, value] : read_xattrs(path_in(from, from_name)))
        if (is_layer_xattr(name)) write_xattr(path_in(to, to_name), name, value);
    const std::array<timespec, 2> times{status.st_atim, status.st_mtim};
    if (::utimensat(to, to_name.c_str(), times.data(), AT_SYMLINK_NOFOLLOW) != 0)
        fail("set the times of", to_name);
}

void copy_entry(int from, const std::string& from_name, int to, const std::string& to_name) {
    const struct stat status = status_of(from, from_name);
    if (S_ISREG(status.st_mode)) {
        copy_content(from, from_name, to, to_name);
    } else if (S_ISLNK(status.st_mode)) {
        copy_link(from, from_name, to, to_name);
    } else if (S_ISDIR(status.st_mode)) {
        if (::mkdirat(to, to_name.c_str(), 0700) != 0) fail("make the folder", to_name);
    } else if (
        ::mknodat(to, to_name.c_str(), (status.st_mode & S_IFMT) | 0600U, status.st_rdev) != 0) {
        fail("make", to_name);
    }
    copy_attributes(from, from_name, to, to_name);
}

void lay_over(const fs::path& layer, const fs::path& tree) {
    Overlayer{layer, tree}.run();
}

}  // namespace nacre::store
