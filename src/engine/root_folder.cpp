#include "engine/root_folder.hpp"

#include "base/error.hpp"
#include "base/text.hpp"
#include "os/directory.hpp"
#include "os/file.hpp"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

namespace nacre::engine {
namespace {

constexpr std::size_t kCopyBytes = 256U << 10U;
constexpr std::size_t kXattrBytesMax = 64U << 10U;
constexpr std::size_t kPathBytesMax = 4096;
constexpr mode_t kPermissionBits = 07777;

std::string parent_of(const std::string& path) {
    const std::size_t slash = path.rfind('/');
    return slash == std::string::npos ? "" : path.substr(0, slash);
}

/// Owner, mode, times and attributes of an open entry.
void apply(int fd, const EntryAttributes& attributes, const std::string& shown) {
    if (::fchown(fd, attributes.owner.uid, attributes.owner.gid) != 0)
        throw SystemError{errno, "cannot set the owner of '" + shown + "'"};
    // After the owner: changing that clears the set-id bits.
    if (::fchmod(fd, attributes.mode & kPermissionBits) != 0)
        throw SystemError{errno, "cannot set the mode of '" + shown + "'"};
    for (const auto& [name, value] : attributes.xattrs)
        if (::fsetxattr(fd, name.c_str(), value.data(), value.size(), 0) != 0)
            throw SystemError{errno, "cannot set attribute '" + name + "' of '" + shown + "'"};
    if (!attributes.mtime) return;
    const timespec time{.tv_sec = *attributes.mtime, .tv_nsec = 0};
    const std::array<timespec, 2> times{time, time};
    if (::futimens(fd, times.data()) != 0)
        throw SystemError{errno, "cannot set the time of '" + shown + "'"};
}

void copy(ByteSource& from, int to) {
    std::vector<std::byte> buffer(kCopyBytes);
    while (const std::size_t count = from.read(buffer))
        os::write_all(to, std::span{buffer}.first(count));
}

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

std::string relative_path(std::string_view path) {
    std::vector<std::string> parts = split(path, '/');
    std::erase_if(parts, [](const std::string& part) { return part.empty() || part == "."; });
    return join(parts, "/");
}

RootFolder::RootFolder(const std::filesystem::path& folder)
    : root_{os::open_file(folder, O_PATH | O_DIRECTORY)} {}

std::string RootFolder::shown(const std::string& path) const {
    return "/" + relative_path(path);
}

os::UniqueFd RootFolder::try_open(const std::string& path, int flags, mode_t mode) const {
    open_how how{};
    how.flags = static_cast<std::uint64_t>(static_cast<unsigned>(flags | O_CLOEXEC));
    how.mode = mode;
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
    return os::read_all(fd.get(), limit);
}

std::string RootFolder::read_link(const std::string& path) const {
    const os::UniqueFd fd = open(path, O_PATH | O_NOFOLLOW);
    std::string target(kPathBytesMax, '\0');
    const ssize_t size = ::readlinkat(fd.get(), "", target.data(), target.size());
    if (size < 0) throw SystemError{errno, "cannot read the link '" + shown(path) + "'"};
    target.resize(static_cast<std::size_t>(size));
    return target;
}

std::string RootFolder::resolve(const std::string& path) const {
    const std::string root = std::filesystem::read_symlink(path_via(root_)).string();
    const std::string found = std::filesystem::read_symlink(path_via(open(path, O_PATH))).string();
    return "/" + relative_path(std::string_view{found}.substr(root.size()));
}

std::vector<std::string> RootFolder::list(const std::string& path) const {
    os::Directory folder{open(path, O_RDONLY | O_DIRECTORY), shown(path)};
    std::vector<std::string> names;
    while (auto entry = folder.next())
        names.push_back(std::move(entry->name));
    std::ranges::sort(names);
    return names;
}

std::vector<std::pair<std::string, std::string>> RootFolder::xattrs(const std::string& path) const {
    const os::UniqueFd fd = open(path, O_PATH | O_NOFOLLOW);
    const std::string via = path_via(fd);
    struct stat status{};
    if (::fstat(fd.get(), &status) != 0 || S_ISLNK(status.st_mode)) return {};
    std::vector<std::pair<std::string, std::string>> result;
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

bool RootFolder::ensure_folder(const std::string& path, const EntryAttributes& attributes) const {
    const std::string relative = relative_path(path);
    const auto known = find_target(relative);
    if (known && S_ISDIR(known->st_mode)) return false;
    if (known)
        throw Error{ErrorCode::Conflict, "'" + shown(path) + "' is there already and is no folder"};
    ensure_folder(parent_of(relative), attributes);
    const Place place = place_of(relative);
    if (::mkdirat(place.parent.get(), place.name.c_str(), 0755) != 0)
        throw SystemError{errno, "cannot make the folder '" + shown(path) + "'"};
    set_attributes(relative, attributes);
    return true;
}

void RootFolder::set_attributes(const std::string& path, const EntryAttributes& attributes) const {
    const os::UniqueFd fd = open(path, O_RDONLY | O_DIRECTORY);
    apply(fd.get(), attributes, shown(path));
}

RootFolder::Place RootFolder::place_of(const std::string& path) const {
    const std::string relative = relative_path(path);
    const std::string name = relative.substr(relative.rfind('/') + 1);
    if (name.empty() || name == "..")
        throw Error{ErrorCode::InvalidArgument, "'" + path + "' names no entry of a folder"};
    return {open(parent_of(relative), O_PATH | O_DIRECTORY), name};
}

void RootFolder::remove_entry(const Place& place, const std::string& path) const {
    if (::unlinkat(place.parent.get(), place.name.c_str(), 0) == 0 || errno == ENOENT) return;
    if (errno == EISDIR)
        throw Error{
            ErrorCode::Conflict,
            "'" + shown(path) + "' is a folder and cannot be replaced by a file"};
    throw SystemError{errno, "cannot replace '" + shown(path) + "'"};
}

void RootFolder::write_file(
    const std::string& path, ByteSource& content, const EntryAttributes& attributes) const {
    const auto known = find_target(path);
    if (known && S_ISDIR(known->st_mode))
        throw Error{
            ErrorCode::Conflict,
            "'" + shown(path) + "' is a folder and cannot be replaced by a file"};
    // A file with several names, or a device, is replaced rather than written to.
    if (known && (!S_ISREG(known->st_mode) || known->st_nlink > 1))
        remove_entry(place_of(path), path);
    os::UniqueFd fd = try_open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    if (!fd) throw SystemError{errno, "cannot write '" + shown(path) + "'"};
    with_context("writing '" + shown(path) + "'", [&] { copy(content, fd.get()); });
    apply(fd.get(), attributes, shown(path));
    fd.close();
}

void RootFolder::write_symlink(
    const std::string& path, const std::string& target, const EntryAttributes& attributes) const {
    const Place place = place_of(path);
    remove_entry(place, path);
    if (::symlinkat(target.c_str(), place.parent.get(), place.name.c_str()) != 0)
        throw SystemError{errno, "cannot make the link '" + shown(path) + "'"};
    if (::fchownat(
            place.parent.get(),
            place.name.c_str(),
            attributes.owner.uid,
            attributes.owner.gid,
            AT_SYMLINK_NOFOLLOW)
        != 0)
        throw SystemError{errno, "cannot set the owner of '" + shown(path) + "'"};
    if (!attributes.mtime) return;
    const timespec time{.tv_sec = *attributes.mtime, .tv_nsec = 0};
    const std::array<timespec, 2> times{time, time};
    if (::utimensat(place.parent.get(), place.name.c_str(), times.data(), AT_SYMLINK_NOFOLLOW) != 0)
        throw SystemError{errno, "cannot set the time of '" + shown(path) + "'"};
}

void RootFolder::write_hardlink(const std::string& path, const std::string& existing) const {
    const os::UniqueFd source = open(existing, O_PATH | O_NOFOLLOW);
    const Place place = place_of(path);
    remove_entry(place, path);
    if (::linkat(source.get(), "", place.parent.get(), place.name.c_str(), AT_EMPTY_PATH) != 0)
        throw SystemError{errno, "cannot link '" + shown(path) + "' to '" + shown(existing) + "'"};
}

void RootFolder::write_special(
    const std::string& path, mode_t type, dev_t device, const EntryAttributes& attributes) const {
    const Place place = place_of(path);
    remove_entry(place, path);
    const mode_t mode = type | (attributes.mode & kPermissionBits);
    if (::mknodat(place.parent.get(), place.name.c_str(), mode, device) != 0)
        throw SystemError{errno, "cannot make '" + shown(path) + "'"};
    if (::fchownat(
            place.parent.get(),
            place.name.c_str(),
            attributes.owner.uid,
            attributes.owner.gid,
            AT_SYMLINK_NOFOLLOW)
            != 0
        || ::fchmodat(place.parent.get(), place.name.c_str(), attributes.mode & kPermissionBits, 0)
               != 0)
        throw SystemError{errno, "cannot set the owner of '" + shown(path) + "'"};
}

}  // namespace nacre::engine
