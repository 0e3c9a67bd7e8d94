#include "engine/copy_sources.hpp"

#include "base/error.hpp"
#include "base/text.hpp"
#include "engine/root_folder.hpp"
#include "source/ignore.hpp"

#include <algorithm>

namespace nacre::engine {
namespace {

bool has_glob(std::string_view text) {
    return text.find_first_of("*?[") != std::string_view::npos;
}

/// "a/b" of "./a//b", "../a" and "/a": a source cannot leave the tree.
std::string clean(const std::string& word) {
    std::vector<std::string> parts;
    for (const std::string& part : split(word, '/')) {
        if (part.empty() || part == ".") continue;
        if (part != "..")
            parts.push_back(part);
        else if (!parts.empty())
            parts.pop_back();
    }
    return join(parts, "/");
}

std::string base_name(const std::string& path) {
    return path.substr(path.rfind('/') + 1);
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

    void add(const source::Node& node, CopySelection& selection) const {
        if (node.type == source::NodeType::Directory) {
            add_content(node.path, selection);
        } else if (!is_excluded(node.path)) {
            selection.items.push_back({node, base_name(node.path)});
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
    const auto near = nearest(clean(word), names);
    const Error error{ErrorCode::NotFound, quoted(word) + " is not in the build context"};
    return near ? error.with_hint("did you mean '" + *near + "'?") : error;
}

}  // namespace

CopySelection select_sources(
    const source::Tree& tree, const std::string& word, const std::vector<std::string>& excludes) {
    CopySelection selection;
    const Selector selector{tree, excludes};
    const std::string path = clean(word);
    if (path.empty()) {
        selector.add_content("", selection);
        return selection;
    }
    if (!has_glob(path)) {
        const auto node = tree.find(path);
        if (!node) throw not_found(tree, word);
        selector.add(*node, selection);
        selection.single_file = node->type != source::NodeType::Directory;
        return selection;
    }
    const std::vector<std::string> pattern = split(path, '/');
    std::vector<source::Node> matched;
    for (source::Node& node : tree.walk(""))
        if (matches_path(pattern, node.path)) matched.push_back(std::move(node));
    if (matched.empty()) throw not_found(tree, word);
    for (const source::Node& node : matched)
        selector.add(node, selection);
    selection.single_file =
        matched.size() == 1 && matched.front().type != source::NodeType::Directory;
    return selection;
}

}  // namespace nacre::engine
