#include "exec/mount_points.hpp"

#include "base/error.hpp"
#include "base/text.hpp"
#include "os/file.hpp"

#include <climits>

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <optional>

namespace nacre::exec {
namespace {

constexpr int kLinksMax = 40;
constexpr std::array<const char*, 2> kNameFiles{"/etc/hosts", "/etc/resolv.conf"};

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

std::string read_link(int root, const std::string& path) {
    const os::UniqueFd link = try_open(root, path, 0);
    std::array<char, PATH_MAX> target{};
    const ssize_t size = ::readlinkat(link.get(), "", target.data(), target.size());
    if (size < 0) throw SystemError{errno, "cannot read the link '/" + path + "' of the image"};
    return {target.data(), static_cast<std::size_t>(size)};
}

Error refused(const std::string& target, const std::string& reason) {
    return Error{
        ErrorCode::InvalidArgument, "mount target " + quoted(target) + " of the image " + reason}
        .with_hint(
            "use an image in which it is a plain folder or file: a link could lead out of the "
            "container");
}

/// The parts of `path` before those of `rest`, which are kept last first.
void prepend(const std::string& path, std::vector<std::string>& rest) {
    const std::vector<std::string> parts = split(path, '/');
    rest.insert(rest.end(), parts.rbegin(), parts.rend());
}

/// Goes on at what the link holds whose folder is `at`.
void follow(const std::string& link, std::vector<std::string>& at, std::vector<std::string>& rest) {
    if (link.starts_with('/')) at.clear();
    prepend(link, rest);
}

}  // namespace

MountPoints::MountPoints(ContainerSpec& spec)
    : root_{os::open_file(spec.root, O_PATH | O_DIRECTORY)} {
    for (const char* target : {"/proc", "/dev", "/sys"}) {
        const auto status = find(root_.get(), target + 1);
        if (status && S_ISLNK(status->st_mode)) throw refused(target, "is a link");
        note_missing(target + 1);
    }
    const auto settle = [this](std::string& target) {
        const bool ours = std::ranges::find(kNameFiles, target) != kNameFiles.end();
        const std::string path = resolve(target, ours ? Last::Resolved : Last::Refused);
        note_missing(path);
        target = "/" + path;
    };
    for (BindMount& mount : spec.mounts)
        settle(mount.target);
    for (TmpfsMount& mount : spec.tmpfs)
        settle(mount.target);
}

/// The path, relative to the root, without a link in it; what is not there yet stays as it was named.
std::string MountPoints::resolve(const std::string& target, Last last) const {
    std::vector<std::string> left;
    prepend(target, left);
    std::vector<std::string> at;
    for (int links = 0; !left.empty();) {
        const std::string part = left.back();
        left.pop_back();
        if (part.empty() || part == ".") continue;
        if (part == "..") {
            if (links == 0 || at.empty()) throw refused(target, "leads out of the root");
            at.pop_back();
            continue;
        }
        at.push_back(part);
        const std::string path = join(at, "/");
        const auto status = find(root_.get(), path);
        if (!status || !S_ISLNK(status->st_mode)) continue;
        const bool is_last = std::ranges::all_of(left, &std::string::empty);
        if (is_last && last == Last::Refused) throw refused(target, "is a link");
        if (++links > kLinksMax) throw refused(target, "has too many links in it");
        const std::string link = read_link(root_.get(), path);
        at.pop_back();
        follow(link, at, left);
    }
    if (at.empty()) throw refused(target, "is the root");
    return join(at, "/");
}

void MountPoints::note_missing(const std::string& path) {
    std::string folder;
    for (std::size_t end = 0; end != std::string::npos;) {
        end = path.find('/', end + 1);
        const std::string part = path.substr(0, end);
        if (!find(root_.get(), part)) {
            if (std::ranges::find(missing_, part) != missing_.end()) continue;
            missing_.push_back(part);
            const bool made_too = std::ranges::find(missing_, folder) != missing_.end();
            if (!made_too && !folder.empty()
                && std::ranges::find(touched_, folder) == touched_.end())
                touched_.push_back(folder);
        }
        folder = part;
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

std::vector<std::string> folders_of_stubs(ContainerSpec spec) {
    // Of the executor's own.
    for (const char* file : kNameFiles)
        spec.mounts.push_back({.target = file});
    return MountPoints{spec}.touched_folders();
}

}  // namespace nacre::exec
