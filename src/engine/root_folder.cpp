#include "engine/root_folder.hpp"

#include "base/error.hpp"
#include "base/text.hpp"
#include "engine/path_words.hpp"
#include "os/directory.hpp"
#include "os/file.hpp"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/syscall.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace nacre::engine {
namespace {

constexpr std::size_t kXattrBytesMax = 64U << 10U;
constexpr std::size_t kPathBytesMax = 4096;

std::vector<std::string> xattr_names(const std::string& path) {
    std::string names(kXattrBytesMax, '\0');
    const ssize_t size = ::listxattr(path.c_str(), names.data(), names.size());
    if (size <= 0) return {};
    names.resize(static_cast<std::size_t>(size) - 1);
    return split(names, '\0');
}

/// A name that leads to what `fd` is, whatever moved meanwhile.
std::string path_via(const os::UniqueFd& fd) {
    return "/proc/self/fd/" + std::to_string(fd.get());
}

}  // namespace

RootFolder::RootFolder(const std::filesystem::path& folder)
    : root_{os::open_file(folder, O_PATH | O_DIRECTORY)} {}

std::string RootFolder::shown(const std::string& path) const {
    return "/" + relative_path(path);
}

os::UniqueFd RootFolder::try_open(const std::string& path, int flags) const {
    open_how how{};
    how.flags = static_cast<std::uint64_t>(static_cast<unsigned>(flags | O_CLOEXEC));
    how.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS;
    const std::string relative = relative_path(path);
    const char* name = relative.empty() ? "." : relative.c_str();
    long fd = 0;
    // EAGAIN: a rename or mount elsewhere made the kernel unsure about "..".
    do {
        fd = ::syscall(SYS_openat2, root_.get(), name, &how, sizeof how);
    } while (fd < 0 && (errno == EAGAIN || errno == EINTR));
    return os::UniqueFd{static_cast<int>(fd)};
}

os::UniqueFd RootFolder::open(const std::string& path, int flags) const {
    os::UniqueFd fd = try_open(path, flags);
    if (!fd) throw SystemError{errno, "cannot open '" + shown(path) + "' of the image"};
    return fd;
}

std::optional<struct stat> RootFolder::find(const std::string& path) const {
    const os::UniqueFd fd = try_open(path, O_PATH | O_NOFOLLOW);
    struct stat status{};
    if (!fd || ::fstat(fd.get(), &status) != 0) return std::nullopt;
    return status;
}

std::optional<struct stat> RootFolder::find_target(const std::string& path) const {
    const os::UniqueFd fd = try_open(path, O_PATH);
    struct stat status{};
    if (!fd || ::fstat(fd.get(), &status) != 0) return std::nullopt;
    return status;
}

std::optional<std::string> RootFolder::find_text(const std::string& path, std::size_t limit) const {
    const auto status = find_target(path);
    if (!status || !S_ISREG(status->st_mode)) return std::nullopt;
    const os::UniqueFd fd = open(path, O_RDONLY | O_NONBLOCK);
    return with_context("reading '" + shown(path) + "' of the image", [&] {
        return os::read_all(fd.get(), limit);
    });
}

std::string RootFolder::read_link(const std::string& path) const {
    const os::UniqueFd fd = open(path, O_PATH | O_NOFOLLOW);
    std::string target(kPathBytesMax, '\0');
    const ssize_t size = ::readlinkat(fd.get(), "", target.data(), target.size());
    if (size < 0) throw SystemError{errno, "cannot read the link '" + shown(path) + "'"};
    target.resize(static_cast<std::size_t>(size));
    return target;
}

std::vector<std::string> RootFolder::list(const std::string& path) const {
    os::Directory folder{open(path, O_RDONLY | O_DIRECTORY), shown(path)};
    std::vector<std::string> names;
    while (auto entry = folder.next())
        names.push_back(std::move(entry->name));
    std::ranges::sort(names);
    return names;
}

Xattrs RootFolder::xattrs(const std::string& path) const {
    const os::UniqueFd fd = open(path, O_PATH | O_NOFOLLOW);
    const std::string via = path_via(fd);
    struct stat status{};
    if (::fstat(fd.get(), &status) != 0 || S_ISLNK(status.st_mode)) return {};
    Xattrs result;
    for (const std::string& name : xattr_names(via)) {
        if (!name.starts_with("user.") && name != "security.capability") continue;
        std::string value(kXattrBytesMax, '\0');
        const ssize_t size = ::getxattr(via.c_str(), name.c_str(), value.data(), value.size());
        if (size < 0) continue;
        value.resize(static_cast<std::size_t>(size));
        result.emplace_back(name, std::move(value));
    }
    return result;
}

}  // namespace nacre::engine
