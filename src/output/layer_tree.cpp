#include "output/layer_tree.hpp"

#include "base/error.hpp"
#include "base/path_names.hpp"
#include "base/text.hpp"
#include "oci/whiteouts.hpp"

#include <fmt/format.h>

namespace nacre::output {
namespace {

// image-spec, layer.md, "Whiteouts".
constexpr int kLinksMax = 40;
constexpr std::uint32_t kImpliedMode = 0755;

[[noreturn]] void refuse(const std::string& path, std::string_view reason) {
    throw Error{
        ErrorCode::DataCorrupt,
        fmt::format("the layer's entry {} is refused: {}", nacre::quoted(path), reason)};
}

/// Without "." and empty parts.
std::string normal(const std::string& path) {
    std::string result;
    for (const std::string& part : split(path, '/')) {
        if (part.empty() || part == ".") continue;
        if (part == "..") refuse(path, "its path has '..'");
        result += (result.empty() ? "" : "/") + part;
    }
    return result;
}

/// Where a link in `folder` leads to, with the layer as the root.
std::string follow(const std::string& folder, const std::string& target, const std::string& rest) {
    std::vector<std::string> parts;
    if (!target.starts_with('/') && !folder.empty()) parts = split(folder, '/');
    for (const std::string& part : split(target + "/" + rest, '/')) {
        if (part.empty() || part == ".") continue;
        if (part == "..") {
            if (!parts.empty()) parts.pop_back();
        } else {
            parts.push_back(part);
        }
    }
    return join(parts, "/");
}

std::string_view key_of(const std::string& item) {
    return item;
}

template <typename Content>
std::string_view key_of(const std::pair<const std::string, Content>& item) {
    return item.first;
}

/// Keeps `path` itself.
template <typename Sorted>
void erase_below(Sorted& sorted, const std::string& path) {
    auto it = sorted.upper_bound(path);
    while (it != sorted.end() && source::is_within(path, key_of(*it)))
        it = sorted.erase(it);
}

}  // namespace

void LayerTree::add_layer(const std::vector<archive::TarEntry>& entries) {
    layers_.emplace_back();
    files_.clear();
    // Whiteouts are about lower layers only, wherever they stand.
    for (const archive::TarEntry& entry : entries) {
        const std::string path = normal(entry.path);
        const std::string name = base_name(path);
        if (!name.starts_with(oci::kWhiteoutPrefix)) continue;
        const std::string folder = parent_of(path);
        if (name == oci::kOpaqueWhiteout) {
            remove_below(folder);
            ensure_folder(folder);
            if (!folder.empty()) nodes_.at(folder).is_opaque = true;
        } else if (!name.starts_with(oci::kWhiteoutMetaPrefix)) {
            const std::string hidden = join_path(folder, name.substr(oci::kWhiteoutPrefix.size()));
            remove(hidden);
            whiteouts_.insert(hidden);
        }
    }
    for (std::size_t number = 0; number < entries.size(); ++number)
        if (!base_name(normal(entries[number].path)).starts_with(oci::kWhiteoutPrefix))
            add_entry(entries[number], number);
}

void LayerTree::add_entry(const archive::TarEntry& entry, std::size_t number) {
    const std::string given = normal(entry.path);
    if (given.empty()) return;  // the root itself is what the lowest layer has
    const std::string folder = resolve(parent_of(given));
    const std::string path = join_path(folder, base_name(given));
    ensure_folder(folder);
    const EntryPlace place{layers_.size() - 1, number};
    const bool is_folder = entry.type == archive::EntryType::Directory;
    const auto known = nodes_.find(path);
    const bool was_folder = known != nodes_.end() && known->second.is_folder;
    const bool hides = (known != nodes_.end() && !was_folder) || whiteouts_.contains(path)
                       || (was_folder && known->second.is_opaque);
    if (!is_folder || !was_folder) remove(path);
    whiteouts_.erase(path);
    Node& node = nodes_[path];
    node.place = place;
    node.is_folder = is_folder;
    node.is_implied = false;
    node.is_opaque = is_folder && hides;
    node.link_target = entry.type == archive::EntryType::Symlink ? entry.link_target : "";
    if (is_folder) {
        node.folder = entry;
        node.folder.path = path;
        return;
    }
    Layer& layer = layers_.back();
    layer.paths.insert_or_assign(number, path);
    if (entry.type != archive::EntryType::Hardlink) {
        files_.insert_or_assign(path, number);
        return;
    }
    const std::string target = normal(entry.link_target);
    const auto file = files_.find(join_path(resolve(parent_of(target)), base_name(target)));
    if (file == files_.end())
        refuse(entry.path, "it is a hard link to what the layer does not have");
    layer.links.insert_or_assign(number, Link{path, file->second});
    layer.names[file->second].push_back(number);
    files_.insert_or_assign(path, file->second);
}

/// Follows links of the layer that is being added, and of no other: a layer is complete without those below it.
std::string LayerTree::resolve(const std::string& path) const {
    std::string wanted = path;
    for (int links = 0; links <= kLinksMax; ++links) {
        std::size_t end = 0;
        bool followed = false;
        while (end != std::string::npos && !wanted.empty()) {
            end = wanted.find('/', end);
            const std::string prefix = wanted.substr(0, end);
            if (end != std::string::npos) ++end;
            const auto node = nodes_.find(prefix);
            if (node == nodes_.end() || node->second.is_folder
                || node->second.place.layer != layers_.size() - 1)
                continue;
            if (node->second.link_target.empty()) refuse(path, "its parent is no folder");
            const std::string rest = end == std::string::npos ? "" : wanted.substr(end);
            wanted = follow(parent_of(prefix), node->second.link_target, rest);
            followed = true;
            break;
        }
        if (!followed) return wanted;
    }
    refuse(path, "its parent is a link that leads to itself");
}

void LayerTree::ensure_folder(const std::string& path) {
    if (path.empty()) return;
    const auto known = nodes_.find(path);
    if (known != nodes_.end() && known->second.is_folder) return;
    ensure_folder(parent_of(path));
    const bool hides = known != nodes_.end() || whiteouts_.contains(path);
    if (known != nodes_.end()) nodes_.erase(known);
    whiteouts_.erase(path);
    Node node;
    node.place = {layers_.size() - 1, 0};
    node.is_folder = true;
    node.is_implied = !hides;
    node.is_opaque = hides;
    node.folder = {.path = path, .type = archive::EntryType::Directory, .mode = kImpliedMode};
    nodes_.emplace(path, std::move(node));
}

void LayerTree::remove_below(const std::string& path) {
    erase_below(nodes_, path);
    erase_below(whiteouts_, path);
}

void LayerTree::remove(const std::string& path) {
    remove_below(path);
    nodes_.erase(path);
}

bool LayerTree::is_seen(const std::string& path, EntryPlace place) const {
    const auto node = nodes_.find(path);
    return node != nodes_.end() && node->second.place == place && !node->second.is_folder;
}

std::string LayerTree::seen_name(EntryPlace file) const {
    const Layer& layer = layers_.at(file.layer);
    if (const std::string& own = layer.paths.at(file.entry); is_seen(own, file)) return own;
    const auto names = layer.names.find(file.entry);
    if (names == layer.names.end()) return {};
    for (const std::size_t link : names->second)
        if (const std::string& path = layer.links.at(link).path; is_seen(path, {file.layer, link}))
            return path;
    return {};
}

LayerTree::Fate LayerTree::fate_of(EntryPlace place) const {
    const Layer& layer = layers_.at(place.layer);
    const auto path = layer.paths.find(place.entry);
    if (path == layer.paths.end()) return {};
    const auto link = layer.links.find(place.entry);
    if (link == layer.links.end()) return {.path = seen_name(place), .target = {}};
    if (!is_seen(path->second, place)) return {};
    std::string target = seen_name({place.layer, link->second.file});
    if (target == path->second) return {};
    return {.path = path->second, .target = std::move(target)};
}

}  // namespace nacre::output
