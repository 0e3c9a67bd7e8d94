#include "source/ignored_tree.hpp"

#include "base/error.hpp"
#include "base/text.hpp"
#include "source/path.hpp"

#include <algorithm>

namespace nacre::source {

std::optional<Node> IgnoredTree::find(std::string_view path) const {
    std::optional<Node> node = inner_->find(path);
    if (!node || path.empty() || !patterns_.excludes(path)) return node;
    if (node->type != NodeType::Directory || !patterns_.has_exceptions()) return std::nullopt;
    return walk(path).empty() ? std::nullopt : std::move(node);
}

std::vector<Node> IgnoredTree::walk(std::string_view path) const {
    std::vector<Node> nodes = inner_->walk(path);
    if (patterns_.empty()) return nodes;
    // From the back: what is in a folder is known before the folder itself.
    std::vector<Node> kept;
    for (auto at = nodes.rbegin(); at != nodes.rend(); ++at) {
        const bool holds_kept = at->type == NodeType::Directory && !kept.empty()
                                && is_within(at->path, kept.back().path);
        if (holds_kept || !patterns_.excludes(at->path)) kept.push_back(std::move(*at));
    }
    std::ranges::reverse(kept);
    return kept;
}

std::unique_ptr<ByteSource> IgnoredTree::open(const Node& file) const {
    if (patterns_.excludes(file.path)) {
        throw Error{
            ErrorCode::NotFound, "file " + quoted(file.path) + " is excluded by the ignore file"};
    }
    return inner_->open(file);
}

FoundIgnoreFile find_ignore_file(const Tree& tree, std::string_view dockerfile) {
    const std::string own{dockerfile};
    for (const std::string& path :
         {own + ".dockerignore",
          own + ".containerignore",
          std::string{".containerignore"},
          std::string{".dockerignore"}}) {
        const std::optional<std::string> text = find_text(tree, path, kIgnoreBytesMax);
        if (text) return {path, parse_ignore_file(*text, path)};
    }
    return {};
}

}  // namespace nacre::source
