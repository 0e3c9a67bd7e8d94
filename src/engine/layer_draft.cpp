#include "engine/layer_draft.hpp"

#include "base/error.hpp"
#include "base/path_names.hpp"
#include "engine/path_words.hpp"
#include "oci/whiteouts.hpp"

#include <algorithm>
#include <utility>

namespace nacre::engine {
namespace {

using archive::EntryType;

constexpr std::uint32_t kPermissionBits = 07777;

std::string shown(const std::string& path) {
    return "'/" + relative_path(path) + "'";
}

[[noreturn]] void refuse_folder(const std::string& path) {
    throw Error{ErrorCode::Conflict, shown(path) + " is a folder and cannot be replaced by a file"};
}

[[noreturn]] void refuse_parent(const std::string& path) {
    throw Error{
        ErrorCode::Conflict,
        "cannot write " + shown(path) + ": the folder it would be in is not there"};
}

}  // namespace

ImageTree::Node LayerDraft::make_node(
    archive::EntryType type, const EntryAttributes& attributes) const {
    ImageTree::Node node;
    node.type = type;
    node.mode = attributes.mode & kPermissionBits;
    node.owner = attributes.owner;
    node.mtime = std::min(attributes.mtime.value_or(epoch_), epoch_);
    node.xattrs = attributes.xattrs;
    return node;
}

bool LayerDraft::ensure_folder(const std::string& path, const EntryAttributes& attributes) {
    const std::string relative = relative_path(path);
    const auto known = tree_.locate(relative, ImageTree::LastLink::Follow);
    if (known && known->node != nullptr) {
        if (known->node->is_folder()) return false;
        throw Error{ErrorCode::Conflict, shown(path) + " is there already and is no folder"};
    }
    if (relative.empty()) return false;
    ensure_folder(parent_of(relative), attributes);
    if (tree_.find(relative) != nullptr)
        throw Error{ErrorCode::Conflict, shown(path) + " is a link that leads to no folder"};
    put(place_of(relative), make_node(EntryType::Directory, attributes), {});
    return true;
}

void LayerDraft::set_attributes(const std::string& path, const EntryAttributes& attributes) {
    const auto place = tree_.locate(path, ImageTree::LastLink::Follow);
    if (!place || place->node == nullptr || !place->node->is_folder())
        throw Error{ErrorCode::Conflict, shown(path) + " is no folder"};
    if (place->path.empty()) return;  // the root itself is no entry of a layer
    ImageTree::Node node = make_node(EntryType::Directory, attributes);
    node.children = std::move(place->node->children);
    put(place->path, std::move(node), {});
}

bool LayerDraft::is_link(const std::string& path) const {
    const auto place = tree_.locate(path, ImageTree::LastLink::Keep);
    return place && place->node != nullptr && place->node->type == EntryType::Symlink;
}

std::string LayerDraft::follow_links(const std::string& path) const {
    if (!is_link(path)) return path;
    const auto place = tree_.locate(path, ImageTree::LastLink::Follow);
    if (!place) refuse_parent(path);
    return place->path;
}

void LayerDraft::replace_link_by_folder(
    const std::string& path, const EntryAttributes& attributes) {
    put(place_of(path), make_node(EntryType::Directory, attributes), {});
}

std::string LayerDraft::place_of(const std::string& path) {
    const auto place = tree_.locate(path, ImageTree::LastLink::Keep);
    if (!place) refuse_parent(path);
    if (place->path.empty())
        throw Error{ErrorCode::InvalidArgument, "'" + path + "' names no entry of a folder"};
    if (place->node != nullptr && place->node->is_folder()) refuse_folder(path);
    return place->path;
}

void LayerDraft::put(const std::string& path, ImageTree::Node node, std::shared_ptr<File> file) {
    if (base_name(path).starts_with(oci::kWhiteoutPrefix))
        throw Error{
            ErrorCode::Unsupported,
            shown(path) + " cannot be in a layer: names with '.wh.' in front are whiteouts there"};
    touch_parents(path);
    ImageTree::Node& kept = tree_.put(path, std::move(node));
    changes_.insert_or_assign(path, Change{&kept, std::move(file), true});
}

void LayerDraft::touch_parents(const std::string& path) {
    for (std::string folder = parent_of(path); !folder.empty(); folder = parent_of(folder)) {
        const auto place = tree_.locate(folder, ImageTree::LastLink::Keep);
        const auto [change, is_new] = changes_.try_emplace(folder, Change{place->node, {}, false});
        // A folder that was there changes with what is made in it.
        const bool is_direct = folder.size() == parent_of(path).size();
        if (is_direct && !change->second.is_made) place->node->mtime = epoch_;
        if (!is_new) return;
    }
}

void LayerDraft::write_file(
    const std::string& path,
    std::uint64_t size,
    Content content,
    const EntryAttributes& attributes) {
    put(place_of(path),
        make_node(EntryType::File, attributes),
        std::make_shared<File>(File{size, std::move(content)}));
}

void LayerDraft::write_symlink(
    const std::string& path, const std::string& target, const EntryAttributes& attributes) {
    ImageTree::Node node = make_node(EntryType::Symlink, attributes);
    node.mode = 0777;
    node.xattrs.clear();
    node.link_target = target;
    put(place_of(path), std::move(node), {});
}

void LayerDraft::write_hardlink(const std::string& path, const std::string& existing) {
    const auto place = tree_.locate(existing, ImageTree::LastLink::Keep);
    const auto first = place ? changes_.find(place->path) : changes_.end();
    if (first == changes_.end() || !first->second.file)
        throw Error{
            ErrorCode::InvalidArgument,
            "cannot link " + shown(path) + " to " + shown(existing)
                + ", which is no file of the same copy"};
    const ImageTree::Node& known = *first->second.node;
    ImageTree::Node node;
    node.type = EntryType::File;
    node.mode = known.mode;
    node.owner = known.owner;
    node.mtime = known.mtime;
    node.xattrs = known.xattrs;
    node.content_path = place->path;
    const std::string link = place_of(path);
    if (link == place->path) return;
    put(link, std::move(node), first->second.file);
}

void LayerDraft::write_special(
    const std::string& path, const Device& device, const EntryAttributes& attributes) {
    ImageTree::Node node = make_node(device.type, attributes);
    node.device_major = device.major;
    node.device_minor = device.minor;
    put(place_of(path), std::move(node), {});
}

archive::TarEntry LayerDraft::entry_of(const std::string& path, const ImageTree::Node& node) const {
    return {
        .path = path,
        .type = node.type,
        .mode = node.mode,
        .uid = node.owner.uid,
        .gid = node.owner.gid,
        .mtime = std::min(node.mtime, epoch_),
        .link_target = node.link_target,
        .device_major = node.device_major,
        .device_minor = node.device_minor,
        .xattrs = node.xattrs};
}

store::LayerSummary LayerDraft::write(
    ByteSink& out, std::vector<archive::TarEntry>& entries) const {
    archive::TarWriter tar{out};
    store::LayerSummary summary;
    std::map<const File*, std::string> first_paths;
    for (const auto& [path, change] : changes_) {
        archive::TarEntry entry = entry_of(path, *change.node);
        ++summary.entries;
        if (change.file) {
            const auto [first, is_new] = first_paths.try_emplace(change.file.get(), path);
            if (is_new) {
                entry.size = change.file->size;
                summary.bytes += entry.size;
                const auto content = change.file->content();
                tar.add_file(entry, *content);
                entry.size = 0;
                entries.push_back(std::move(entry));
                continue;
            }
            entry = {
                .path = path,
                .type = EntryType::Hardlink,
                .mode = entry.mode,
                .uid = entry.uid,
                .gid = entry.gid,
                .mtime = entry.mtime,
                .link_target = first->second};
        }
        tar.add(entry);
        entries.push_back(std::move(entry));
    }
    tar.finish();
    return summary;
}

}  // namespace nacre::engine
