#include "base/error.hpp"
#include "base/text.hpp"
#include "oci/whiteouts.hpp"
#include "os/file.hpp"
#include "store/in_root.hpp"
#include "store/layers.hpp"
#include "store/xattrs.hpp"

#include <fmt/format.h>

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <vector>

// Containerd's semantics: a parent that is a link of the same layer is followed, with the layer as the root. A
// layer is unpacked without what is below it, so that a link of a lower layer cannot lead anywhere at all.

namespace nacre::store {
namespace {

constexpr std::size_t kContentBuffer = 256U << 10U;
constexpr mode_t kParentMode = 0755;

/// A path of a layer, cut into its parent and its last part.
struct SplitPath {
    std::string parent;
    std::string name;  ///< empty: the root
};

[[noreturn]] void refuse(const std::string& path, std::string_view reason) {
    throw Error{
        ErrorCode::DataCorrupt,
        fmt::format("the layer's entry {} is refused: {}", nacre::quoted(path), reason)};
}

/// Without "." and empty parts; ".." is refused, for there is no honest reason to write it.
SplitPath split_path(const std::string& path) {
    SplitPath result;
    for (std::string& part : split(path, '/')) {
        if (part.empty() || part == ".") continue;
        if (part == "..") refuse(path, "its path has '..'");
        if (!result.name.empty()) {
            if (!result.parent.empty()) result.parent += '/';
            result.parent += result.name;
        }
        result.name = std::move(part);
    }
    return result;
}

bool is_whiteout(const struct stat& status) noexcept {
    return S_ISCHR(status.st_mode) && status.st_rdev == 0;
}

struct DirectoryTime {
    std::string path;
    std::int64_t mtime;
};

class LayerApplier {
public:
    LayerApplier(
        archive::TarReader& layer, const std::filesystem::path& folder, Privilege privilege)
        : layer_{layer},
          root_{os::open_file(folder, O_PATH | O_DIRECTORY)},
          privilege_{privilege},
          buffer_(kContentBuffer) {}

    LayerSummary run() {
        archive::TarEntry entry;
        while (layer_.next(entry)) {
            apply(entry);
            ++summary_.entries;
            summary_.bytes += entry.size;
        }
        // Last and inside out, because making entries in a folder changes its time.
        for (auto it = directories_.rbegin(); it != directories_.rend(); ++it)
            set_time(*it);
        return summary_;
    }

private:
    void apply(const archive::TarEntry& entry) {
        const SplitPath path = split_path(entry.path);
        if (path.name.empty()) {
            if (entry.type != archive::EntryType::Directory)
                refuse(entry.path, "the root can only be a folder");
            finish_directory(root_.get(), ".", entry);
            return;
        }
        enter(path.parent, entry.path);
        if (path.name.starts_with(oci::kWhiteoutPrefix)) {
            apply_whiteout(path.name, entry.path);
            return;
        }
        if (entry.type == archive::EntryType::Directory) {
            make_directory(path.name, entry);
            return;
        }
        clear_place(path.name);
        make_entry(path.name, entry);
    }

    /// Opens the parent of an entry, and makes it when it is missing. Entries of one folder mostly follow
    /// each other, so it is kept open.
    void enter(const std::string& parent, const std::string& entry) {
        if (parent_ && parent == parent_path_) return;
        os::UniqueFd found =
            try_open_in_root(root_.get(), parent, O_PATH | O_DIRECTORY, Links::Resolve);
        if (!found && (errno == ENOENT || errno == ENOTDIR)) found = make_parents(parent, entry);
        if (!found) refuse_parent(entry, errno);
        parent_ = std::move(found);
        parent_path_ = parent;
    }

    [[noreturn]] static void refuse_parent(const std::string& entry, int error_number) {
        if (error_number == ELOOP) refuse(entry, "its parent is a link that leads to itself");
        if (error_number == ENOENT) refuse(entry, "its parent is a link that leads nowhere");
        if (error_number == ENOTDIR) refuse(entry, "its parent is no folder");
        if (error_number == ENAMETOOLONG) refuse(entry, "its path is too long");
        throw SystemError{error_number, "cannot open the parent of " + nacre::quoted(entry)};
    }

    os::UniqueFd make_parents(const std::string& parent, const std::string& entry) {
        os::UniqueFd at = try_open_in_root(root_.get(), "", O_PATH | O_DIRECTORY, Links::Resolve);
        std::string path;
        for (const std::string& part : split(parent, '/')) {
            path += (path.empty() ? "" : "/") + part;
            os::UniqueFd next =
                try_open_in_root(root_.get(), path, O_PATH | O_DIRECTORY, Links::Resolve);
            if (!next) {
                make_parent(at.get(), part, entry);
                next = try_open_in_root(root_.get(), path, O_PATH | O_DIRECTORY, Links::Resolve);
            }
            if (!next) refuse_parent(entry, errno);
            at = std::move(next);
        }
        return at;
    }

    void make_parent(int folder, const std::string& name, const std::string& entry) {
        struct stat status{};
        const bool there = ::fstatat(folder, name.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0;
        if (there && !is_whiteout(status))
            refuse_parent(entry, S_ISLNK(status.st_mode) ? ENOENT : ENOTDIR);
        if (there) ::unlinkat(folder, name.c_str(), 0);
        if (::mkdirat(folder, name.c_str(), kParentMode) != 0)
            throw SystemError{errno, "cannot make the parent of " + nacre::quoted(entry)};
        // The umask took from the mode.
        ::fchmodat(folder, name.c_str(), kParentMode, 0);
        if (there) make_opaque(path_in(folder, name), privilege_);
    }

    /// A whiteout is about the layers below only: what this layer has under the name stays.
    void apply_whiteout(const std::string& name, const std::string& entry) {
        if (name == oci::kOpaqueWhiteout) {
            make_opaque(path_in(parent_.get(), "."), privilege_);
            return;
        }
        if (name.starts_with(oci::kWhiteoutMetaPrefix)) return;  // bookkeeping of aufs
        const std::string hidden = name.substr(oci::kWhiteoutPrefix.size());
        if (hidden.empty() || hidden == "." || hidden == "..")
            refuse(entry, "it is a whiteout of nothing");
        struct stat status{};
        if (::fstatat(parent_.get(), hidden.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0) {
            if (S_ISDIR(status.st_mode)) make_opaque(path_in(parent_.get(), hidden), privilege_);
            return;
        }
        if (::mknodat(parent_.get(), hidden.c_str(), S_IFCHR, 0) != 0)
            throw SystemError{errno, "cannot make the whiteout " + nacre::quoted(entry)};
    }

    void make_directory(const std::string& name, const archive::TarEntry& entry) {
        struct stat status{};
        const bool there =
            ::fstatat(parent_.get(), name.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0;
        const bool whiteout = there && is_whiteout(status);
        if (there && !S_ISDIR(status.st_mode)) clear_place(name);
        if ((!there || !S_ISDIR(status.st_mode))
            && ::mkdirat(parent_.get(), name.c_str(), 0700) != 0)
            throw SystemError{errno, "cannot make the folder " + nacre::quoted(entry.path)};
        if (whiteout) make_opaque(path_in(parent_.get(), name), privilege_);
        finish_directory(parent_.get(), name, entry);
    }

    void finish_directory(int folder, const std::string& name, const archive::TarEntry& entry) {
        set_attributes(folder, name, entry);
        directories_.push_back({entry.path, entry.mtime});
    }

    /// A later entry of the same name replaces an earlier one.
    void clear_place(const std::string& name) {
        if (::unlinkat(parent_.get(), name.c_str(), 0) == 0 || errno == ENOENT) return;
        if (errno != EISDIR && errno != EPERM)
            throw SystemError{errno, "cannot replace " + nacre::quoted(name) + " of the layer"};
        os::remove_tree(path_in(parent_.get(), name));
    }

    void make_entry(const std::string& name, const archive::TarEntry& entry) {
        using archive::EntryType;
        int result = 0;
        switch (entry.type) {
            case EntryType::File:
                make_file(name, entry);
                return;
            case EntryType::Hardlink:
                make_hard_link(name, entry);
                return;
            case EntryType::Symlink:
                result = ::symlinkat(entry.link_target.c_str(), parent_.get(), name.c_str());
                break;
            case EntryType::Fifo:
                result = ::mknodat(parent_.get(), name.c_str(), S_IFIFO | 0600, 0);
                break;
            case EntryType::CharDevice:
            case EntryType::BlockDevice:
                if (!make_device(name, entry)) return;
                break;
            case EntryType::Directory:
                return;
        }
        if (result != 0) throw SystemError{errno, "cannot make " + nacre::quoted(entry.path)};
        set_attributes(parent_.get(), name, entry);
        set_time_of(parent_.get(), name, entry.mtime);
    }

    bool make_device(const std::string& name, const archive::TarEntry& entry) {
        const bool character = entry.type == archive::EntryType::CharDevice;
        if (character && entry.device_major == 0 && entry.device_minor == 0)
            refuse(entry.path, "a device 0/0 would hide what is below");
        if (privilege_ == Privilege::None) return false;
        const dev_t device = ::makedev(entry.device_major, entry.device_minor);
        if (::mknodat(parent_.get(), name.c_str(), (character ? S_IFCHR : S_IFBLK) | 0600, device)
            != 0)
            throw SystemError{errno, "cannot make the device " + nacre::quoted(entry.path)};
        return true;
    }

    void make_file(const std::string& name, const archive::TarEntry& entry) {
        os::UniqueFd file{::openat(
            parent_.get(),
            name.c_str(),
            O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
            0600)};
        if (!file) throw SystemError{errno, "cannot make the file " + nacre::quoted(entry.path)};
        while (const std::size_t got = layer_.read_content(buffer_))
            with_context("unpacking " + nacre::quoted(entry.path), [&] {
                os::write_all(file.get(), Bytes{buffer_}.first(got));
            });
        set_attributes(parent_.get(), name, entry);
        set_time_of(parent_.get(), name, entry.mtime);
        file.close();
    }

    void make_hard_link(const std::string& name, const archive::TarEntry& entry) {
        const SplitPath target = split_path(entry.link_target);
        const os::UniqueFd folder =
            try_open_in_root(root_.get(), target.parent, O_PATH | O_DIRECTORY, Links::Resolve);
        struct stat status{};
        if (!folder || target.name.empty()
            || ::fstatat(folder.get(), target.name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0)
            refuse(
                entry.path,
                "it is a hard link to " + nacre::quoted(entry.link_target)
                    + ", which is not in the layer before it");
        if (S_ISDIR(status.st_mode) || is_whiteout(status))
            refuse(entry.path, "it is a hard link to a folder or a whiteout");
        if (::linkat(folder.get(), target.name.c_str(), parent_.get(), name.c_str(), 0) != 0)
            throw SystemError{errno, "cannot make the hard link " + nacre::quoted(entry.path)};
    }

    /// Owner first: changing it clears set-id bits and capabilities.
    void set_attributes(int folder, const std::string& name, const archive::TarEntry& entry) {
        const auto fail = [&](std::string_view what) {
            throw SystemError{
                errno, fmt::format("cannot set the {} of {}", what, nacre::quoted(entry.path))};
        };
        if (privilege_ == Privilege::Root
            && ::fchownat(folder, name.c_str(), entry.uid, entry.gid, AT_SYMLINK_NOFOLLOW) != 0)
            fail("owner");
        // Links have no mode; everything else was made by us under this name, so nothing is followed.
        if (entry.type != archive::EntryType::Symlink
            && ::fchmodat(folder, name.c_str(), entry.mode & 07777U, 0) != 0)
            fail("mode");
        for (const auto& [attribute, value] : entry.xattrs) {
            if (is_overlay_xattr(attribute)) continue;
            if (privilege_ == Privilege::None && !attribute.starts_with("user.")) continue;
            write_xattr(path_in(folder, name), attribute, value);
        }
    }

    static void set_time_of(int folder, const std::string& name, std::int64_t mtime) {
        const timespec time{mtime, 0};
        const std::array<timespec, 2> times{time, time};
        if (::utimensat(folder, name.c_str(), times.data(), AT_SYMLINK_NOFOLLOW) != 0)
            throw SystemError{errno, "cannot set the time of " + nacre::quoted(name)};
    }

    void set_time(const DirectoryTime& directory) {
        const SplitPath path = split_path(directory.path);
        const os::UniqueFd parent =
            try_open_in_root(root_.get(), path.parent, O_PATH | O_DIRECTORY, Links::Resolve);
        const std::string name = path.name.empty() ? "." : path.name;
        struct stat status{};
        // A later entry may have put something else in its place.
        if (!parent || ::fstatat(parent.get(), name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0
            || !S_ISDIR(status.st_mode))
            return;
        set_time_of(parent.get(), name, directory.mtime);
    }

    archive::TarReader& layer_;
    os::UniqueFd root_;
    const Privilege privilege_;
    std::vector<std::byte> buffer_;
    os::UniqueFd parent_;
    std::string parent_path_;
    std::vector<DirectoryTime> directories_;
    LayerSummary summary_;
};

}  // namespace

Privilege current_privilege() noexcept {
    return ::geteuid() == 0 ? Privilege::Root : Privilege::None;
}

LayerSummary apply_layer(
    archive::TarReader& layer, const std::filesystem::path& folder, Privilege privilege) {
    return LayerApplier{layer, folder, privilege}.run();
}

}  // namespace nacre::store
