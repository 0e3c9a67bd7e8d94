#include "base/error.hpp"
#include "base/path_names.hpp"
#include "base/text.hpp"
#include "oci/whiteouts.hpp"
#include "os/directory.hpp"
#include "os/file.hpp"
#include "store/in_root.hpp"
#include "store/layers.hpp"
#include "store/xattrs.hpp"

#include <climits>

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <map>
#include <utility>
#include <vector>

namespace nacre::store {
namespace {

using archive::EntryType;
using archive::TarEntry;

enum class Kind : std::uint8_t { Entry, Whiteout };

/// An entry of the layer, before it is read.
struct Found {
    std::string path;
    Kind kind = Kind::Entry;
    struct stat status{};
};

bool is_whiteout(const struct stat& status) noexcept {
    return S_ISCHR(status.st_mode) && status.st_rdev == 0;
}

EntryType type_of(mode_t mode) noexcept {
    if (S_ISDIR(mode)) return EntryType::Directory;
    if (S_ISLNK(mode)) return EntryType::Symlink;
    if (S_ISCHR(mode)) return EntryType::CharDevice;
    if (S_ISBLK(mode)) return EntryType::BlockDevice;
    if (S_ISFIFO(mode)) return EntryType::Fifo;
    return EntryType::File;
}

class LayerWriter {
public:
    LayerWriter(const std::filesystem::path& folder, ByteSink& out, WriteLayerOptions options)
        : root_{os::open_file(folder, O_RDONLY | O_DIRECTORY)},
          options_{std::move(options)},
          tar_{out} {}

    LayerSummary run() {
        collect();
        std::ranges::sort(found_, {}, &Found::path);
        for (const Found& one : found_) {
            if (one.kind == Kind::Whiteout) {
                write_whiteout(one);
            } else {
                write(one);
            }
            ++summary_.entries;
        }
        tar_.finish();
        return summary_;
    }

private:
    os::UniqueFd open(const std::string& path, int flags) const {
        os::UniqueFd fd = try_open_in_root(root_.get(), path, flags, Links::Refuse);
        if (!fd) throw SystemError{errno, "cannot open the changed file " + nacre::quoted(path)};
        return fd;
    }

    /// All paths first: they are sorted as a whole, and a folder is open only while it is listed, so that no tree
    /// is too deep.
    void collect() {
        std::vector<std::string> folders{""};
        while (!folders.empty()) {
            const std::string folder = std::move(folders.back());
            folders.pop_back();
            list(folder, folders);
        }
    }

    void list(const std::string& folder, std::vector<std::string>& folders) {
        os::UniqueFd fd = open(folder, O_RDONLY | O_DIRECTORY);
        const std::string prefix = folder.empty() ? "" : folder + "/";
        if (is_opaque(path_in(fd.get(), ".")))
            found_.push_back({prefix + std::string{oci::kOpaqueWhiteout}, Kind::Whiteout});
        os::Directory directory{std::move(fd), folder};
        while (const auto entry = directory.next())
            add(directory.fd(), prefix, entry->name, folders);
    }

    void add(
        int folder,
        const std::string& prefix,
        const std::string& name,
        std::vector<std::string>& folders) {
        Found one;
        if (::fstatat(folder, name.c_str(), &one.status, AT_SYMLINK_NOFOLLOW) != 0)
            throw SystemError{
                errno, "cannot look at the changed file " + nacre::quoted(prefix + name)};
        if (S_ISSOCK(one.status.st_mode)) return;
        one.kind = is_whiteout(one.status) ? Kind::Whiteout : Kind::Entry;
        if (name.starts_with(oci::kWhiteoutPrefix))
            throw Error{
                ErrorCode::Unsupported,
                "the changed file " + nacre::quoted(prefix + name)
                    + " cannot be in a layer: names with '.wh.' in front are whiteouts there"};
        one.path =
            prefix + (one.kind == Kind::Whiteout ? std::string{oci::kWhiteoutPrefix} : "") + name;
        if (S_ISDIR(one.status.st_mode)) folders.push_back(one.path);
        found_.push_back(std::move(one));
    }

    std::int64_t clamped(std::int64_t mtime) const noexcept {
        return options_.epoch ? std::min(mtime, *options_.epoch) : mtime;
    }

    void add(const TarEntry& entry) {
        tar_.add(entry);
        if (options_.on_entry) options_.on_entry(entry);
    }

    void write_whiteout(const Found& one) {
        // The times of whiteouts and of opaque marks are the host's own.
        add({.path = one.path, .mode = 0, .mtime = options_.epoch.value_or(0)});
    }

    void write(const Found& one) {
        TarEntry entry;
        entry.path = one.path;
        entry.type = type_of(one.status.st_mode);
        entry.mode = one.status.st_mode & 07777U;
        entry.uid = one.status.st_uid;
        entry.gid = one.status.st_gid;
        entry.mtime = clamped(one.status.st_mtim.tv_sec);
        if (write_as_link(one, entry)) return;
        const os::UniqueFd parent = open(parent_of(one.path), O_PATH | O_DIRECTORY);
        const std::string name = one.path.substr(one.path.rfind('/') + 1);
        for (auto& [attribute, value] : read_xattrs(path_in(parent.get(), name)))
            if (is_layer_xattr(attribute)) entry.xattrs.emplace_back(attribute, std::move(value));
        switch (entry.type) {
            case EntryType::File:
                write_file(entry, one);
                return;
            case EntryType::Symlink:
                entry.link_target = read_link(parent.get(), name);
                break;
            case EntryType::CharDevice:
            case EntryType::BlockDevice:
                entry.device_major = ::major(one.status.st_rdev);
                entry.device_minor = ::minor(one.status.st_rdev);
                break;
            default:
                break;
        }
        add(entry);
    }

    /// The first path of a file in the order of the archive is the file, the others are links to it.
    bool write_as_link(const Found& one, TarEntry& entry) {
        if (one.status.st_nlink < 2 || S_ISDIR(one.status.st_mode)) return false;
        const auto [first, is_new] =
            first_paths_.try_emplace({one.status.st_dev, one.status.st_ino}, one.path);
        if (is_new) return false;
        entry.type = EntryType::Hardlink;
        entry.link_target = first->second;
        add(entry);
        return true;
    }

    void write_file(TarEntry& entry, const Found& one) {
        os::UniqueFd file = open(one.path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
        entry.size = static_cast<std::uint64_t>(one.status.st_size);
        os::FileSource content{std::move(file)};
        tar_.add_file(entry, content);
        if (options_.on_entry) options_.on_entry(entry);
        summary_.bytes += entry.size;
    }

    static std::string read_link(int folder, const std::string& name) {
        std::string target(PATH_MAX, '\0');
        const ssize_t size = ::readlinkat(folder, name.c_str(), target.data(), target.size());
        if (size < 0)
            throw SystemError{errno, "cannot read the changed link " + nacre::quoted(name)};
        target.resize(static_cast<std::size_t>(size));
        return target;
    }

    os::UniqueFd root_;
    const WriteLayerOptions options_;
    archive::TarWriter tar_;
    std::vector<Found> found_;
    std::map<std::pair<dev_t, ino_t>, std::string> first_paths_;
    LayerSummary summary_;
};

}  // namespace

LayerSummary write_layer(
    const std::filesystem::path& folder, ByteSink& out, const WriteLayerOptions& options) {
    return LayerWriter{folder, out, options}.run();
}

}  // namespace nacre::store
