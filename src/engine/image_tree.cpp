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

ImageTree::Node* find_child(ImageTree::Node& folder, std::string_view name) {
    const auto found = folder.children.find(name);
    return found == folder.children.end() ? nullptr : found->second.get();
}

bool is_link(const ImageTree::Node* node) {
    return node != nullptr && node->type == archive::EntryType::Symlink;
}

/// A walk from the root along the names of a path, of which the links put others in front.
class Walk {
public:
    Walk(ImageTree::Node& root, std::string_view path)
        : root_{root},
          path_{path},
          todo_{names_to_visit(path)} {}

    bool is_done() const noexcept { return todo_.empty(); }

    /// Null when nothing is there.
    ImageTree::Node* here() const noexcept { return steps_.empty() ? &root_ : steps_.back().node; }

    std::string take_name() {
        std::string name = std::move(todo_.back());
        todo_.pop_back();
        return name;
    }

    void enter(std::string name, ImageTree::Node* node) {
        steps_.push_back({std::move(name), node});
    }

    void leave() {
        if (!steps_.empty()) steps_.pop_back();
    }

    void follow(const std::string& target) {
        if (++links_ > ImageTree::kLinksMax)
            throw Error{
                ErrorCode::InvalidArgument,
                "'" + std::string{path_} + "' of the image leads over more than "
                    + std::to_string(ImageTree::kLinksMax) + " links"};
        if (target.starts_with('/')) steps_.clear();
        std::ranges::move(names_to_visit(target), std::back_inserter(todo_));
    }

    std::string path() const {
        std::string path;
        for (const Step& step : steps_) {
            if (!path.empty()) path += '/';
            path += step.name;
        }
        return path;
    }

private:
    struct Step {
        std::string name;
        ImageTree::Node* node = nullptr;
    };

    ImageTree::Node& root_;
    const std::string_view path_;
    std::vector<std::string> todo_;  ///< the next one last
    std::vector<Step> steps_;
    int links_ = 0;
};

}  // namespace

ImageTree::ImageTree() : root_{std::make_unique<Node>()} {}

ImageTree::ImageTree(ImageTree&&) noexcept = default;
ImageTree& ImageTree::operator=(ImageTree&&) noexcept = default;
ImageTree::~ImageTree() = default;

std::optional<ImageTree::Place> ImageTree::locate(std::string_view path, LastLink last) {
    Walk walk{*root_, path};
    while (!walk.is_done()) {
        std::string name = walk.take_name();
        if (name.empty() || name == ".") continue;
        Node* const here = walk.here();
        if (here == nullptr || !here->is_folder()) return std::nullopt;
        Node* const child = name == ".." ? nullptr : find_child(*here, name);
        if (name == "..") {
            walk.leave();
        } else if (is_link(child) && (last == LastLink::Follow || !walk.is_done())) {
            walk.follow(child->link_target);
        } else {
            walk.enter(std::move(name), child);
        }
    }
    return Place{walk.path(), walk.here()};
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
