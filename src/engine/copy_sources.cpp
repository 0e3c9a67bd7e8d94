#include "engine/copy_sources.hpp"

#include "base/error.hpp"
#include "base/text.hpp"
#include "engine/path_words.hpp"
#include "source/ignore.hpp"

#include <algorithm>
#include <optional>
#include <utility>

namespace nacre::engine {
namespace {

constexpr int kLinksMax = 40;

/// What is at `path` when links are followed, their targets taken inside the tree. Nothing when they lead nowhere.
std::optional<source::Node> find_target(const source::Tree& tree, const std::string& path) {
    std::vector<std::string> left = split(path, '/');
    std::ranges::reverse(left);
    std::string at;
    std::optional<source::Node> node;
    for (int links = 0; !left.empty();) {
        const std::string part = left.back();
        left.pop_back();
        node = tree.find(at.empty() ? part : at + "/" + part);
        if (!node) return std::nullopt;
        if (node->type != source::NodeType::Symlink) {
            at = node->path;
            continue;
        }
        if (++links > kLinksMax) return std::nullopt;
        std::vector<std::string> target = split(
            resolve_by_name(
                node->link_target.starts_with('/') ? node->link_target
                                                   : at + "/" + node->link_target),
            '/');
        at.clear();
        if (target == std::vector<std::string>{""}) target.clear();
        left.insert(left.end(), target.rbegin(), target.rend());
        if (left.empty()) return tree.find("");
    }
    return node;
}

/// As many names as the pattern has, each matched on its own.
bool matches_path(const std::vector<std::string>& pattern, const std::string& path) {
    const std::vector<std::string> parts = split(path, '/');
    return std::ranges::equal(pattern, parts, [](const std::string& glob, const std::string& name) {
        return matches_glob(glob, name);
    });
}

class Selector {
public:
    Selector(const source::Tree& tree, const std::vector<std::string>& excludes) : tree_{tree} {
        for (const std::string& pattern : excludes)
            excludes_.add(pattern);
    }

    /// `path` as it was named; a link that was named itself stands for what it leads to.
    void add(const std::string& path, const source::Node& node, CopySelection& selection) const {
        if (node.type == source::NodeType::Directory) {
            add_content(node.path, selection);
        } else if (!is_excluded(path)) {
            selection.items.push_back({node, base_name(path)});
        }
    }

    void add_content(const std::string& folder, CopySelection& selection) const {
        const std::size_t start = folder.empty() ? 0 : folder.size() + 1;
        for (source::Node& node : tree_.walk(folder)) {
            if (is_excluded(node.path)) continue;
            std::string target = node.path.substr(start);
            selection.items.push_back({std::move(node), std::move(target)});
        }
    }

private:
    bool is_excluded(const std::string& path) const { return excludes_.excludes(path); }

    const source::Tree& tree_;
    source::IgnorePatterns excludes_;
};

Error not_found(const source::Tree& tree, const std::string& word) {
    std::vector<std::string> names;
    for (const source::Node& node : tree.walk(""))
        names.push_back(node.path);
    const auto near = nearest(resolve_by_name(word), names);
    const Error error{ErrorCode::NotFound, quoted(word) + " is not in the build context"};
    return near ? error.with_hint("did you mean '" + *near + "'?") : error;
}

}  // namespace

CopySelection select_sources(
    const source::Tree& tree, const std::string& word, const std::vector<std::string>& excludes) {
    CopySelection selection;
    const Selector selector{tree, excludes};
    const std::string path = resolve_by_name(word);
    if (path.empty()) {
        selector.add_content("", selection);
        return selection;
    }
    if (!has_glob(path)) {
        const auto node = find_target(tree, path);
        if (!node) throw not_found(tree, word);
        selector.add(path, *node, selection);
        selection.single_file = node->type != source::NodeType::Directory;
        return selection;
    }
    const std::vector<std::string> pattern = split(path, '/');
    std::vector<std::pair<std::string, source::Node>> matched;
    for (const source::Node& node : tree.walk("")) {
        if (!matches_path(pattern, node.path)) continue;
        auto target = find_target(tree, node.path);
        // A link that leads nowhere is copied as it is, since nobody named it.
        matched.emplace_back(node.path, target ? std::move(*target) : node);
    }
    if (matched.empty()) throw not_found(tree, word);
    for (const auto& [name, node] : matched)
        selector.add(name, node, selection);
    selection.single_file =
        matched.size() == 1 && matched.front().second.type != source::NodeType::Directory;
    return selection;
}

}  // namespace nacre::engine
