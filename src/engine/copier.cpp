#include "engine/copier.hpp"

#include "archive/compression.hpp"
#include "archive/tar.hpp"
#include "base/error.hpp"
#include "base/path_names.hpp"
#include "base/text.hpp"
#include "engine/accounts.hpp"
#include "engine/copy_sources.hpp"
#include "engine/path_words.hpp"
#include "engine/root_tree.hpp"
#include "os/file.hpp"
#include "os/temp.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <map>
#include <optional>

namespace nacre::engine {
namespace {

constexpr std::uint32_t kFolderMode = 0755;
constexpr std::size_t kTarBlockBytes = 512;
constexpr std::size_t kTarMagicOffset = 257;
constexpr std::size_t kCopyBytes = 256U << 10U;

/// A part of an open file.
class FileRange final : public ByteSource {
public:
    FileRange(std::shared_ptr<const os::UniqueFd> file, std::uint64_t offset, std::uint64_t size)
        : file_{std::move(file)},
          offset_{offset},
          left_{size} {}

    std::size_t read(std::span<std::byte> buffer) override {
        const std::size_t wanted = std::min<std::uint64_t>(buffer.size(), left_);
        if (wanted == 0) return 0;
        const ssize_t count =
            ::pread(file_->get(), buffer.data(), wanted, static_cast<off_t>(offset_));
        if (count < 0) throw SystemError{errno, "cannot read the unpacked archive"};
        offset_ += static_cast<std::uint64_t>(count);
        left_ -= static_cast<std::uint64_t>(count);
        return static_cast<std::size_t>(count);
    }

private:
    std::shared_ptr<const os::UniqueFd> file_;
    std::uint64_t offset_;
    std::uint64_t left_;
};

/// The contents of an archive's files one after another, in a file without a name: a draft is not written in the order of
/// the archive.
class ArchiveContents {
public:
    explicit ArchiveContents(const std::filesystem::path& folder) {
        const os::TempDir place{folder, "archive"};
        file_ = std::make_shared<os::UniqueFd>(
            os::open_file(place.path() / "contents", O_RDWR | O_CREAT | O_EXCL, 0600));
    }

    /// Keeps the content of the reader's current entry.
    LayerDraft::Content add(archive::TarReader& reader, std::uint64_t size) {
        const std::uint64_t start = end_;
        while (const std::size_t count = reader.read_content(buffer_)) {
            os::write_all(file_->get(), std::span{buffer_}.first(count));
            end_ += count;
        }
        return
            [file = file_, start, size] { return std::make_unique<FileRange>(file, start, size); };
    }

private:
    std::shared_ptr<os::UniqueFd> file_;
    std::uint64_t end_ = 0;
    std::vector<std::byte> buffer_ = std::vector<std::byte>(kCopyBytes);
};

/// What ADD unpacks: a tar, as it is or compressed, by its bytes and never by its name.
bool is_archive(ByteSource& content) {
    std::array<std::byte, kTarBlockBytes> head{};
    std::size_t size = 0;
    try {
        const auto plain = archive::make_decompressing_source(content);
        while (size < head.size()) {
            const std::size_t count = plain->read(std::span{head}.subspan(size));
            if (count == 0) return false;
            size += count;
        }
    } catch (const Error&) {
        return false;  // damaged input is a file like others
    }
    return as_text(head).substr(kTarMagicOffset).starts_with("ustar");
}

archive::EntryType special_type(mode_t mode) {
    if (S_ISCHR(mode)) return archive::EntryType::CharDevice;
    return S_ISBLK(mode) ? archive::EntryType::BlockDevice : archive::EntryType::Fifo;
}

}  // namespace

/// Where one COPY goes.
struct Copier::Target {
    const CopyAction& action;
    std::optional<Owner> owner;  ///< of --chown
    bool is_folder = false;      ///< it ends in '/', or is a folder already
    std::map<std::pair<dev_t, ino_t>, std::string>
        links;  ///< first copy of a file with several names

    EntryAttributes attributes(
        FileKind kind, std::uint32_t mode, Owner own, std::optional<std::int64_t> mtime) const {
        const std::uint32_t changed = action.mode ? action.mode->apply(mode, kind) : mode;
        return {.mode = changed, .owner = owner.value_or(own), .mtime = mtime};
    }

    EntryAttributes folder(std::int64_t time) const {
        // As in BuildKit: an octal --chmod is for the folders on the way too.
        const std::uint32_t mode =
            action.mode ? action.mode->fixed().value_or(kFolderMode) : kFolderMode;
        return {.mode = mode, .owner = owner.value_or(Owner{}), .mtime = time};
    }
};

void Copier::check_stop() const {
    if (parts_.stop.stop_requested()) throw Cancelled{};
}

Copier::Target Copier::target_of(const CopyAction& action) const {
    Target target{.action = action};
    if (!action.owner.empty()) {
        target.owner = resolve_account(action.owner, parts_.find_text).owner;
        // Dockerfile reference, COPY: "a UID without GID will use the same numeric UID as the GID".
        if (const auto id = parse_integer(action.owner); id) target.owner->gid = target.owner->uid;
    }
    const ImageTree::Node* known = parts_.destination.find_target(action.destination);
    target.is_folder =
        action.destination.ends_with('/') || (known != nullptr && known->is_folder());
    return target;
}

std::string Copier::place(const Target& target, const std::string& name, bool single_file) const {
    // The destination's own link is followed; names that come from the source replace what they meet.
    return single_file && !target.is_folder
               ? parts_.destination.follow_links(target.action.destination)
               : join_path(target.action.destination, name);
}

void Copier::copy_from_tree(const source::Tree& tree, const CopyAction& action) {
    Target target = target_of(action);
    for (const std::string& word : action.sources) {
        const CopySelection selection =
            select_sources(tree, word, {action.excludes, action.parents});
        if (selection.nothing) continue;
        const bool several = action.sources.size() + action.files.size() > 1;
        if (!selection.single_file || several) ensure_destination(target);
        for (const CopyItem& item : selection.items) {
            check_stop();
            if (action.unpack_archives && item.is_named && try_unpack(tree, item.node, target))
                continue;
            write_node(tree, item.node, place(target, item.target, selection.single_file), target);
        }
    }
    for (const InlineFile& file : action.files)
        write_inline(file, place(target, file.name, action.files.size() == 1), target);
}

void Copier::write_node(
    const source::Tree& tree,
    const source::Node& node,
    const std::string& path,
    const Target& target) {
    switch (node.type) {
        case source::NodeType::Directory: {
            const EntryAttributes attributes =
                target.attributes(FileKind::Folder, node.mode, {}, node.mtime);
            put_folder(path, attributes, target);
            break;
        }
        case source::NodeType::Symlink:
            ensure_parent(path, target);
            parts_.destination.write_symlink(
                path,
                node.link_target,
                target.attributes(FileKind::Other, node.mode, {}, node.mtime));
            break;
        case source::NodeType::File: {
            ensure_parent(path, target);
            parts_.destination.write_file(
                path,
                node.size,
                [&tree, node] { return tree.open(node); },
                target.attributes(FileKind::Other, node.mode, {}, node.mtime));
            break;
        }
        case source::NodeType::Other:
            throw Error{
                ErrorCode::InvalidArgument,
                "'" + node.path + "' of the build context is neither a file, a folder nor a link"};
    }
}

/// A folder of the source. As in BuildKit, one that was there takes its attributes too; the destination itself does not, nor
/// do folders on the way to it.
void Copier::put_folder(
    const std::string& path, const EntryAttributes& attributes, const Target& target) {
    ensure_parent(path, target);
    if (parts_.destination.is_link(path))
        throw Error{
            ErrorCode::Conflict,
            "'/" + relative_path(path) + "' is a link and cannot be replaced by a folder"}
            .with_hint("copy the folder to where the link leads");
    if (!parts_.destination.ensure_folder(path, attributes))
        parts_.destination.set_attributes(path, attributes);
}

void Copier::write_inline(const InlineFile& file, const std::string& path, const Target& target) {
    ensure_parent(path, target);
    parts_.destination.write_file(
        path,
        file.content.size(),
        [&file] { return std::make_unique<StringSource>(file.content); },
        target.attributes(FileKind::Other, 0644, {}, parts_.epoch));
}

bool Copier::try_unpack(const source::Tree& tree, const source::Node& node, const Target& target) {
    if (node.type != source::NodeType::File || node.size == 0) return false;
    if (!is_archive(*tree.open(node))) return false;
    const auto content = tree.open(node);
    archive::TarReader reader{*content, {}};
    // --chmod is about neither the archive nor the folder it is unpacked into.
    EntryAttributes folder = target.folder(parts_.epoch);
    folder.mode = kFolderMode;
    parts_.destination.ensure_folder(target.action.destination, folder);
    unpack(reader, target);
    return true;
}

void Copier::unpack(archive::TarReader& reader, const Target& target) {
    LayerDraft& draft = parts_.destination;
    const std::string& folder = target.action.destination;
    ArchiveContents contents{parts_.temporary};
    archive::TarEntry entry;
    while (reader.next(entry)) {
        check_stop();
        const std::string relative = relative_path(entry.path);
        // The archive's own root must not change the folder that it is unpacked into.
        if (relative.empty()) continue;
        const std::string path = join_path(folder, relative);
        // --chmod is not about what is in an archive.
        EntryAttributes attributes{
            .mode = entry.mode,
            .owner = target.owner.value_or(Owner{entry.uid, entry.gid}),
            .mtime = entry.mtime};
        attributes.xattrs = entry.xattrs;
        ensure_parent(path, target);
        switch (entry.type) {
            case archive::EntryType::File:
                draft.write_file(path, entry.size, contents.add(reader, entry.size), attributes);
                break;
            case archive::EntryType::Directory:
                if (draft.is_link(path)) draft.replace_link_by_folder(path, attributes);
                draft.ensure_folder(path, attributes);
                draft.set_attributes(path, attributes);
                break;
            case archive::EntryType::Symlink:
                draft.write_symlink(path, entry.link_target, attributes);
                break;
            case archive::EntryType::Hardlink:
                draft.write_hardlink(path, join_path(folder, relative_path(entry.link_target)));
                break;
            case archive::EntryType::CharDevice:
            case archive::EntryType::BlockDevice:
            case archive::EntryType::Fifo:
                draft.write_special(
                    path, {entry.type, entry.device_major, entry.device_minor}, attributes);
                break;
        }
    }
}

void Copier::copy_from_root(const RootFolder& origin, const CopyAction& action) {
    Target target = target_of(action);
    const RootTree tree{origin};
    for (const std::string& word : action.sources) {
        const CopySelection selection = select_sources(
            tree, word, {action.excludes, action.parents, "the image it is to be copied from"});
        if (selection.nothing) continue;
        const bool single = selection.single_file && action.sources.size() == 1;
        if (!single) ensure_destination(target);
        for (const CopyItem& item : selection.items) {
            check_stop();
            copy_entry(origin, item.node.path, place(target, item.target, single), target);
        }
    }
}

/// The folder that `path` is in, with those on the way.
void Copier::ensure_parent(const std::string& path, const Target& target) {
    parts_.destination.ensure_folder(parent_of(path), target.folder(parts_.epoch));
}

void Copier::ensure_destination(const Target& target) {
    parts_.destination.ensure_folder(target.action.destination, target.folder(parts_.epoch));
}

void Copier::copy_entry(
    const RootFolder& origin, const std::string& from, const std::string& to, Target& target) {
    const auto status = origin.find(from);
    if (!status)
        throw Error{ErrorCode::NotFound, "'" + from + "' is gone from the image it is copied from"};
    EntryAttributes attributes = target.attributes(
        S_ISDIR(status->st_mode) ? FileKind::Folder : FileKind::Other,
        status->st_mode & 07777U,
        {status->st_uid, status->st_gid},
        status->st_mtim.tv_sec);
    attributes.xattrs = origin.xattrs(from);
    if (S_ISDIR(status->st_mode)) {
        put_folder(to, attributes, target);
        return;
    }
    ensure_parent(to, target);
    if (S_ISLNK(status->st_mode)) {
        parts_.destination.write_symlink(to, origin.read_link(from), attributes);
    } else if (S_ISREG(status->st_mode)) {
        auto& links = target.links;
        const auto known = links.find({status->st_dev, status->st_ino});
        if (status->st_nlink > 1 && known != links.end()) {
            parts_.destination.write_hardlink(to, known->second);
            return;
        }
        parts_.destination.write_file(
            to,
            static_cast<std::uint64_t>(status->st_size),
            [&origin, from] {
                return std::make_unique<os::FileSource>(
                    origin.open(from, O_RDONLY | O_NOFOLLOW | O_NONBLOCK));
            },
            attributes);
        if (status->st_nlink > 1) links.emplace(std::pair{status->st_dev, status->st_ino}, to);
    } else if (!S_ISSOCK(status->st_mode)) {
        parts_.destination.write_special(
            to,
            {special_type(status->st_mode), ::major(status->st_rdev), ::minor(status->st_rdev)},
            attributes);
    }
}

}  // namespace nacre::engine
