#pragma once

#include "base/bytes.hpp"
#include "os/unique_fd.hpp"

#include <sys/stat.h>

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace nacre::engine {

struct Owner {
    std::uint32_t uid = 0;
    std::uint32_t gid = 0;

    bool operator==(const Owner&) const = default;
};

/// How an entry is written.
struct EntryAttributes {
    std::uint32_t mode = 0644;
    Owner owner;
    std::optional<std::int64_t> mtime;  ///< seconds; nothing: now
    std::vector<std::pair<std::string, std::string>> xattrs;
};

/// The root of an image on disk, and the only way in which the engine touches paths of an image: the kernel resolves them
/// with this folder as '/' (openat2, RESOLVE_IN_ROOT), so that no link and no ".." leads out of it. Paths may begin with
/// '/'. Confined to one thread.
class RootFolder {
public:
    explicit RootFolder(const std::filesystem::path& folder);

    /// Of the entry itself, or of what links at the end lead to. Nothing when it is not there.
    std::optional<struct stat> find(const std::string& path) const;
    std::optional<struct stat> find_target(const std::string& path) const;

    /// Opens what is there for reading, links followed inside the root. Throws SystemError.
    os::UniqueFd open(const std::string& path, int flags) const;

    /// The content of a regular file of at most `limit` bytes; nothing when there is none. Devices, pipes and folders
    /// give nothing.
    std::optional<std::string> find_text(const std::string& path, std::size_t limit) const;

    /// The path of what links lead to, without a link in it. Throws SystemError when they lead nowhere.
    std::string resolve(const std::string& path) const;

    std::string read_link(const std::string& path) const;
    /// Names in a folder, sorted.
    std::vector<std::string> list(const std::string& path) const;
    std::vector<std::pair<std::string, std::string>> xattrs(const std::string& path) const;

    /// Makes the folder and its parents where they are missing; the new ones get `attributes`. Returns whether it made the
    /// last one.
    bool ensure_folder(const std::string& path, const EntryAttributes& attributes) const;
    /// Sets what `attributes` say on a folder that is there.
    void set_attributes(const std::string& path, const EntryAttributes& attributes) const;

    /// Replaces what is there, unless that is a folder: Error{Conflict}. Links at the end are followed inside the root.
    void write_file(
        const std::string& path, ByteSource& content, const EntryAttributes& attributes) const;
    /// These replace the entry itself.
    void write_symlink(
        const std::string& path,
        const std::string& target,
        const EntryAttributes& attributes) const;
    void write_hardlink(const std::string& path, const std::string& existing) const;
    void write_special(
        const std::string& path,
        mode_t type,
        dev_t device,
        const EntryAttributes& attributes) const;

private:
    struct Place {
        os::UniqueFd parent;
        std::string name;
    };

    os::UniqueFd try_open(const std::string& path, int flags, mode_t mode = 0) const;
    Place place_of(const std::string& path) const;
    void remove_entry(const Place& place, const std::string& path) const;
    std::string shown(const std::string& path) const;

    os::UniqueFd root_;
};

/// "a/b" of "/a//b/."; ".." stays for the kernel to resolve.
std::string relative_path(std::string_view path);

}  // namespace nacre::engine
