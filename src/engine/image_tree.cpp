#include "engine/image_tree.hpp"

#include "base/error.hpp"
#include "base/path_names.hpp"
#include "base/text.hpp"
#include "engine/path_words.hpp"
#include "oci/whiteouts.hpp"

#include <algorithm>
#include <utility>

namespace nacre::engine {
namespace {

ImageTree::Node node_of(const archive::TarEntry& entry) {
    ImageTree::Node node;
    node.type = entry.type;
    node.mode = entry.mode;
    node.owner = {entry.uid, entry.gid};
    node.mtime = entry.mtime;
    node.link_target = entry.link_target;
    node.device_major = entry.device_major;
    node.device_minor = entry.device_minor;
    node.xattrs = entry.xattrs;
    return node;
}

/// The names of a path, last one first.
std::vector<std::string> names_to_visit(std::string_view path) {
    std::vector<std::string> names = split(path, '/');
    std::ranges::reverse(names);
    return names;
}

struct Step {
    std::string name;
    ImageTree::Node* node = nullptr;
};

std::string path_of(const std::vector<Step>& steps) {
    std::string path;
    for (const Step& step : steps) {
        if (!path.empty()) path += '/';
        path += step.name;
    }
    return path;
}

ImageTree::Node* find_child(ImageTree::Node& folder, std::string_view name) {
    const auto found = folder.children.find(name);
    return found == folder.children.end() ? nullptr : found->second.get();
}

}  // namespace

ImageTree::ImageTree() : root_{std::make_unique<Node>()} {}

ImageTree::ImageTree(ImageTree&&) noexcept = default;
ImageTree& ImageTree::operator=(ImageTree&&) noexcept = default;
ImageTree::~ImageTree() = default;

std::optional<ImageTree::Place> ImageTree::locate(std::string_view path, LastLink last) {
    std::vector<std::string> todo = names_to_visit(path);
    std::vector<Step> steps;
    int links = 0;
    while (!todo.empty()) {
        std::string name = std::move(todo.back());
        todo.pop_back();
        if (name.empty() || name == ".") continue;
        Node* const here = steps.empty() ? root_.get() : steps.back().node;
        if (here == nullptr || !here->is_folder()) return std::nullopt;
        if (name == "..") {
            if (!steps.empty()) steps.pop_back();
            continue;
        }
        Node* const child = find_child(*here, name);
        const bool is_link = child != nullptr && child->type == archive::EntryType::Symlink;
        if (!is_link || (todo.empty() && last == LastLink::Keep)) {
            steps.push_back({std::move(name), child});
            continue;
        }
        if (++links > kLinksMax)
            throw Error{
                ErrorCode::InvalidArgument,
                "'" + std::string{path} + "' of the image leads over more than "
                    + std::to_string(kLinksMax) + " links"};
        if (child->link_target.starts_with('/')) steps.clear();
        std::ranges::move(names_to_visit(child->link_target), std::back_inserter(todo));
    }
    return Place{path_of(steps), steps.empty() ? root_.get() : steps.back().node};
}

const ImageTree::Node* ImageTree::find_target(std::string_view path) {
    const auto place = locate(path, LastLink::Follow);
    return place ? place->node : nullptr;
}

const ImageTree::Node* ImageTree::find(std::string_view path) {
    const auto place = locate(path, LastLink::Keep);
    return place ? place->node : nullptr;
}

ImageTree::Node& ImageTree::put(const std::string& path, Node node) {
    node.layer = layer_;
    if (node.content_path.empty()) node.content_path = path;
    const std::size_t slash = path.rfind('/');
    Node* folder = root_.get();
    if (slash != std::string::npos)
        for (const std::string& name : split(std::string_view{path}.substr(0, slash), '/'))
            folder = folder->children.at(name).get();
    const std::string name = slash == std::string::npos ? path : path.substr(slash + 1);
    auto& place = folder->children[name];
    place = std::make_unique<Node>(std::move(node));
    return *place;
}

void ImageTree::apply(const std::vector<archive::TarEntry>& entries) {
    // Whiteouts are about lower layers only, wherever they stand among the entries.
    for (const archive::TarEntry& entry : entries) {
        const std::string path = relative_path(entry.path);
        const std::string name = base_name(path);
        if (!name.starts_with(oci::kWhiteoutPrefix)) continue;
        apply_whiteout(path.substr(0, path.size() - name.size()), name);
    }
    for (const archive::TarEntry& entry : entries)
        apply_entry(entry);
    ++layer_;
}

void ImageTree::apply_whiteout(const std::string& folder, std::string_view name) {
    const auto place = locate(folder, LastLink::Keep);
    if (!place || place->node == nullptr || !place->node->is_folder()) return;
    if (name == oci::kOpaqueWhiteout) {
        place->node->children.clear();
        return;
    }
    const auto known = place->node->children.find(name.substr(oci::kWhiteoutPrefix.size()));
    if (known != place->node->children.end()) place->node->children.erase(known);
}

/// The folder at `path`. Unpacking a layer makes the folders that it does not mention, in the place of what lower layers
/// have there, and follows its own links.
ImageTree::Node& ImageTree::make_folders(const std::string& path) {
    Node* here = root_.get();
    std::string done;
    for (const std::string& name : split(path, '/')) {
        if (name.empty()) continue;
        Node* child = find_child(*here, name);
        done += (done.empty() ? "" : "/") + name;
        if (child != nullptr && child->type == archive::EntryType::Symlink
            && child->layer == layer_) {
            const auto target = locate(done, LastLink::Follow);
            if (target && target->node != nullptr && target->node->is_folder()) {
                here = target->node;
                done = target->path;
                continue;
            }
        }
        if (child == nullptr || !child->is_folder()) {
            auto& place = here->children[name];
            place = std::make_unique<Node>();
            place->layer = layer_;
            child = place.get();
        }
        here = child;
    }
    return *here;
}

void ImageTree::apply_entry(const archive::TarEntry& entry) {
    const std::string path = relative_path(entry.path);
    const std::string name = base_name(path);
    if (name.starts_with(oci::kWhiteoutPrefix) || name == "..") return;
    Node node = node_of(entry);
    node.layer = layer_;
    node.content_path = entry.path;
    if (path.empty()) {
        node.children = std::move(root_->children);
        *root_ = std::move(node);
        return;
    }
    Node& folder = make_folders(path.substr(0, path.size() - name.size()));
    if (entry.type == archive::EntryType::Hardlink) {
        const auto place = locate(entry.link_target, LastLink::Keep);
        if (!place || place->node == nullptr || place->node->is_folder()) return;
        const Node& target = *place->node;
        node = Node{
            target.type,
            target.mode,
            target.owner,
            target.mtime,
            target.link_target,
            target.device_major,
            target.device_minor,
            target.xattrs,
            target.layer,
            target.content_path,
            {}};
    }
    auto& place = folder.children[name];
    if (place && place->is_folder() && node.is_folder()) node.children = std::move(place->children);
    place = std::make_unique<Node>(std::move(node));
}

}  // namespace nacre::engine
