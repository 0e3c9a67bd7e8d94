#include "source/folder_tree.hpp"

#include "base/error.hpp"
#include "base/text.hpp"
#include "os/directory.hpp"
#include "source/path.hpp"

#include <climits>

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <memory>
#include <utility>

namespace nacre::source {
namespace {

/// Opens below `root`, never through a link. -1 with errno on failure.
os::UniqueFd open_below(int root, std::string_view path, int flags) {
    open_how how{};
    how.flags = static_cast<__u64>(flags | O_CLOEXEC | O_NOFOLLOW);
    how.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS;
    const std::string name = path.empty() ? "." : std::string{path};
    while (true) {
        const long fd = ::syscall(SYS_openat2, root, name.c_str(), &how, sizeof how);
        // EAGAIN: something was renamed while the kernel resolved the path.
        if (fd >= 0 || (errno != EINTR && errno != EAGAIN))
            return os::UniqueFd{static_cast<int>(fd)};
    }
}

bool is_absence(int error_number) noexcept {
    return error_number == ENOENT || error_number == ENOTDIR || error_number == ELOOP
           || error_number == EXDEV || error_number == ENAMETOOLONG;
}

std::string read_link(int folder, const char* name, const std::string& path) {
    std::array<char, PATH_MAX> buffer{};
    const ssize_t length = ::readlinkat(folder, name, buffer.data(), buffer.size());
    if (length < 0) throw SystemError{errno, "cannot read link " + nacre::quoted(path)};
    return {buffer.data(), static_cast<std::size_t>(length)};
}

/// A mix of all that the kernel changes with a file.
std::uint64_t version_of(const struct stat& status) noexcept {
    constexpr std::uint64_t kPrime = 0x100000001b3;  // FNV-1a
    std::uint64_t mix = 0xcbf29ce484222325;
    for (const std::uint64_t part :
         {static_cast<std::uint64_t>(status.st_dev),
          static_cast<std::uint64_t>(status.st_ino),
          static_cast<std::uint64_t>(status.st_size),
          static_cast<std::uint64_t>(status.st_mtim.tv_sec),
          static_cast<std::uint64_t>(status.st_mtim.tv_nsec),
          static_cast<std::uint64_t>(status.st_ctim.tv_sec),
          static_cast<std::uint64_t>(status.st_ctim.tv_nsec)})
        mix = (mix ^ part) * kPrime;
    return mix == 0 ? 1 : mix;
}

Node make_node(std::string path, const struct stat& status, const FileDigests* digests) {
    Node node;
    node.version = version_of(status);
    node.path = std::move(path);
    node.mode = status.st_mode & 07777U;
    node.mtime = status.st_mtim.tv_sec;
    if (S_ISREG(status.st_mode)) {
        node.size = static_cast<std::uint64_t>(status.st_size);
        if (digests != nullptr) node.content_key = digests->find(status).value_or("");
    } else if (S_ISDIR(status.st_mode)) {
        node.type = NodeType::Directory;
    } else if (S_ISLNK(status.st_mode)) {
        node.type = NodeType::Symlink;
    } else {
        node.type = NodeType::Other;
    }
    return node;
}

/// Walks depth first with one open folder per level.
class Walker {
public:
    Walker(std::vector<Node>& nodes, const FileDigests* digests)
        : nodes_{&nodes},
          digests_{digests} {}

    void walk(os::UniqueFd folder, const std::string& prefix, std::size_t depth) {
        if (depth > kTreeDepthMax) {
            throw Error{
                ErrorCode::ResourceExhausted,
                "folder " + nacre::quoted(prefix) + " is nested deeper than "
                    + std::to_string(kTreeDepthMax) + " levels"};
        }
        os::Directory directory{std::move(folder), prefix};
        for (const std::string& name : read_names(directory)) {
            const std::string path = prefix.empty() ? name : prefix + "/" + name;
            visit(directory.fd(), name, path, depth);
        }
    }

private:
    static std::vector<std::string> read_names(os::Directory& directory) {
        std::vector<std::string> names;
        while (auto entry = directory.next())
            names.push_back(std::move(entry->name));
        std::ranges::sort(names);
        return names;
    }

    void visit(int folder, const std::string& name, const std::string& path, std::size_t depth) {
        struct stat status{};
        if (::fstatat(folder, name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) {
            // Removed since its name was read: the same as if it had never been there.
            if (errno == ENOENT) return;
            throw SystemError{errno, "cannot examine " + nacre::quoted(path)};
        }
        if (nodes_->size() >= kTreeEntriesMax) {
            throw Error{
                ErrorCode::ResourceExhausted,
                "the folder has more than " + std::to_string(kTreeEntriesMax) + " entries"};
        }
        Node node = make_node(path, status, digests_);
        if (node.type == NodeType::Symlink)
            node.link_target = read_link(folder, name.c_str(), path);
        const bool is_folder = node.type == NodeType::Directory;
        nodes_->push_back(std::move(node));
        if (!is_folder) return;
        os::UniqueFd inner{
            ::openat(folder, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)};
        if (!inner) throw SystemError{errno, "cannot open folder " + nacre::quoted(path)};
        walk(std::move(inner), path, depth + 1);
    }

    std::vector<Node>* nodes_;
    const FileDigests* digests_;
};

bool same_state(const struct stat& a, const struct stat& b) noexcept {
    return a.st_size == b.st_size && a.st_mtim.tv_sec == b.st_mtim.tv_sec
           && a.st_mtim.tv_nsec == b.st_mtim.tv_nsec;
}

class FileSource final : public ByteSource {
public:
    FileSource(os::UniqueFd fd, std::string path, const struct stat& status)
        : fd_{std::move(fd)},
          path_{std::move(path)},
          status_{status} {}

    std::size_t read(std::span<std::byte> buffer) override {
        ssize_t count = -1;
        do
            count = ::read(fd_.get(), buffer.data(), buffer.size());
        while (count < 0 && errno == EINTR);
        if (count < 0) throw SystemError{errno, "cannot read " + nacre::quoted(path_)};
        if (count == 0) check_unchanged();
        return static_cast<std::size_t>(count);
    }

private:
    void check_unchanged() const {
        struct stat now{};
        if (::fstat(fd_.get(), &now) != 0)
            throw SystemError{errno, "cannot examine " + nacre::quoted(path_)};
        if (!same_state(now, status_))
            throw Error{
                ErrorCode::Conflict, "file " + nacre::quoted(path_) + " changed while it was read"};
    }

    os::UniqueFd fd_;
    std::string path_;
    struct stat status_;
};

}  // namespace

FolderTree::FolderTree(const std::filesystem::path& root, FileDigests* digests)
    : root_{root},
      fd_{::open(root.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC)},
      digests_{digests} {
    if (!fd_) throw SystemError{errno, "cannot open folder " + nacre::quoted(root.native())};
}

std::optional<Node> FolderTree::find(std::string_view path) const {
    if (!path.empty() && !is_plain_path(path)) return std::nullopt;
    const os::UniqueFd fd = open_below(fd_.get(), path, O_PATH);
    if (!fd) {
        if (is_absence(errno)) return std::nullopt;
        throw SystemError{errno, "cannot examine " + nacre::quoted(path)};
    }
    struct stat status{};
    if (::fstat(fd.get(), &status) != 0)
        throw SystemError{errno, "cannot examine " + nacre::quoted(path)};
    Node node = make_node(std::string{path}, status, digests_);
    if (node.type == NodeType::Symlink) node.link_target = read_link(fd.get(), "", node.path);
    return node;
}

std::vector<Node> FolderTree::walk(std::string_view path) const {
    std::vector<Node> nodes;
    if (!path.empty() && !is_plain_path(path)) return nodes;
    os::UniqueFd folder = open_below(fd_.get(), path, O_RDONLY | O_DIRECTORY);
    if (!folder) {
        if (is_absence(errno)) return nodes;
        throw SystemError{errno, "cannot open folder " + nacre::quoted(path)};
    }
    Walker{nodes, digests_}.walk(std::move(folder), std::string{path}, 0);
    return nodes;
}

void FolderTree::remember(const Node& file, std::string_view content_key) const {
    if (digests_ == nullptr || !is_plain_path(file.path)) return;
    const os::UniqueFd fd = open_below(fd_.get(), file.path, O_PATH);
    struct stat status{};
    if (!fd || ::fstat(fd.get(), &status) != 0) return;
    // What changed since it was found is another file than the one that was read.
    if (version_of(status) == file.version) digests_->keep(status, content_key);
}

std::unique_ptr<ByteSource> FolderTree::open(const Node& file) const {
    const auto absent = [&] {
        return Error{ErrorCode::NotFound, "there is no file " + nacre::quoted(file.path)};
    };
    if (!is_plain_path(file.path)) throw absent();
    // O_NONBLOCK: a file that was replaced by a named pipe must not stop us here.
    os::UniqueFd fd = open_below(fd_.get(), file.path, O_RDONLY | O_NONBLOCK);
    if (!fd) {
        if (is_absence(errno) || errno == ENXIO) throw absent();
        throw SystemError{errno, "cannot open " + nacre::quoted(file.path)};
    }
    struct stat status{};
    if (::fstat(fd.get(), &status) != 0)
        throw SystemError{errno, "cannot examine " + nacre::quoted(file.path)};
    if (!S_ISREG(status.st_mode)) throw absent();
    if (static_cast<std::uint64_t>(status.st_size) != file.size
        || status.st_mtim.tv_sec != file.mtime)
        throw Error{
            ErrorCode::Conflict,
            "file " + nacre::quoted(file.path) + " changed since it was found"};
    return std::make_unique<FileSource>(std::move(fd), file.path, status);
}

}  // namespace nacre::source
