#include "engine/copy_sources.hpp"

#include "base/error.hpp"
#include "base/path_names.hpp"
#include "base/text.hpp"
#include "engine/path_words.hpp"
#include "source/ignore.hpp"
#include "source/path.hpp"

#include <algorithm>
#include <iterator>
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

/// '*' inside one name only, however many stand there (Go's filepath.Match): `**` means more for --parents alone.
source::PathPattern single_name_pattern(const std::string& text) {
    std::string plain;
    for (std::size_t at = 0; at < text.size(); ++at) {
        if (text[at] == '*' && plain.ends_with('*') && !plain.ends_with("\\*")) continue;
        plain += text[at];
    }
    return source::PathPattern{plain};
}

/// The folders in front of the first name with a pattern.
std::string literal_front(const std::string& path) {
    std::vector<std::string> front;
    for (const std::string& part : split(path, '/')) {
        if (has_glob(part)) break;
        front.push_back(part);
    }
    return join(front, "/");
}

std::string below(const std::string& folder, const std::string& path) {
    return folder.empty() ? path : path.substr(folder.size() + 1);
}

Error not_found(const source::Tree& tree, const std::string& word, std::string_view place) {
    std::vector<std::string> names;
    for (const source::Node& node : tree.walk(""))
        names.push_back(node.path);
    const auto near = nearest(resolve_by_name(word), names);
    const Error error{ErrorCode::NotFound, quoted(word) + " is not in " + std::string{place}};
    return near ? error.with_hint("did you mean '" + *near + "'?") : error;
}

class Selector {
public:
    Selector(const source::Tree& tree, const SelectOptions& options)
        : tree_{tree},
          place_{options.place} {
        for (const std::string& pattern : options.excludes)
            excludes_.add(pattern);
    }

    CopySelection take() { return std::move(selection_); }

    void select(const std::string& word) {
        const std::string path = resolve_by_name(word);
        if (!has_glob(path)) {
            const auto node = find_target(tree_, path);
            if (!node && !path.empty()) throw not_found(tree_, word, place_);
            const bool is_folder = !node || node->type == source::NodeType::Directory;
            if (is_folder) {
                add_content(node ? node->path : "");
            } else {
                selection_.items.push_back({*node, base_name(path), true});
            }
            selection_.single_file = !is_folder;
            return;
        }
        const std::vector<source::Node> matched = matches_of(path);
        for (const source::Node& node : matched)
            selection_.single_file = add_match(node) != source::NodeType::Directory;
        if (matched.size() != 1) selection_.single_file = false;
        selection_.nothing = matched.empty();
    }

    void select_with_parents(const std::string& word) {
        const std::size_t pivot = word.find("/./");
        const bool has_pivot = pivot != std::string::npos;
        const std::string front = has_pivot ? resolve_by_name(word.substr(0, pivot)) : "";
        const std::string pattern = resolve_by_name(has_pivot ? word.substr(pivot + 3) : word);
        if (has_glob(front)) {
            for (const source::Node& root : matches_of(front))
                if (root.type == source::NodeType::Directory) add_below(root.path, pattern, word);
            return;
        }
        const auto root = find_target(tree_, front);
        if (!root && !front.empty()) throw not_found(tree_, word, place_);
        add_below(root ? root->path : "", pattern, has_glob(pattern) ? "" : word);
    }

private:
    /// What the pattern matches, itself and not what it leads to; nothing inside a folder that matched.
    std::vector<source::Node> matches_of(const std::string& path) const {
        const std::string front = literal_front(path);
        std::vector<source::Node> matched;
        const auto folder = find_target(tree_, front);
        if (!folder && !front.empty()) return matched;
        const std::string root = folder ? folder->path : "";
        const source::PathPattern pattern = single_name_pattern(below(front, path));
        for (source::Node& node : tree_.walk(root))
            if (pattern.matches(below(root, node.path))) matched.push_back(std::move(node));
        return matched;
    }

    source::NodeType add_match(const source::Node& node) {
        // A link that leads nowhere is copied as it is, since nobody named it.
        const source::Node target = find_target(tree_, node.path).value_or(node);
        if (target.type == source::NodeType::Directory) {
            add_content(target.path);
        } else {
            selection_.items.push_back({target, base_name(node.path), true});
        }
        return target.type;
    }

    void add_content(const std::string& folder) {
        add_filtered(folder, tree_.walk(folder), [](const std::string&) { return true; });
    }

    /// --parents: what `pattern` names below `root`, with the folders on the way there.
    void add_below(const std::string& root, const std::string& pattern, const std::string& word) {
        if (pattern.empty()) {
            add_content(root);
            return;
        }
        if (has_glob(pattern)) {
            const source::PathPattern glob{pattern};
            add_filtered(root, tree_.walk(root), [&](const std::string& path) {
                return glob.matches_with_parents(path);
            });
            return;
        }
        const auto node = tree_.find(join_path(root, pattern));
        if (!node) {
            if (word.empty()) return;
            throw not_found(tree_, word, place_);
        }
        std::vector<source::Node> nodes;
        for (std::size_t at = pattern.find('/'); at != std::string::npos;
             at = pattern.find('/', at + 1))
            if (auto parent = tree_.find(join_path(root, pattern.substr(0, at))))
                nodes.push_back(*std::move(parent));
        nodes.push_back(*node);
        if (node->type == source::NodeType::Directory)
            std::ranges::move(tree_.walk(node->path), std::back_inserter(nodes));
        add_filtered(root, std::move(nodes), [&](const std::string& path) {
            return source::is_within(pattern, path);
        });
    }

    /// The nodes that are wanted and not excluded, with the folders that they are in.
    template <class Wanted>
    void add_filtered(
        const std::string& root, std::vector<source::Node> nodes, const Wanted& is_wanted) {
        std::vector<CopyItem> kept;
        for (auto node = nodes.rbegin(); node != nodes.rend(); ++node) {
            std::string path = below(root, node->path);
            const bool holds_kept = node->type == source::NodeType::Directory && !kept.empty()
                                    && source::is_within(path, kept.back().target);
            if (holds_kept || (is_wanted(path) && !excludes_.excludes(path)))
                kept.push_back({std::move(*node), std::move(path)});
        }
        std::move(kept.rbegin(), kept.rend(), std::back_inserter(selection_.items));
    }

    const source::Tree& tree_;
    const std::string_view place_;
    source::IgnorePatterns excludes_;
    CopySelection selection_;
};

}  // namespace

CopySelection select_sources(
    const source::Tree& tree, const std::string& word, const SelectOptions& options) {
    Selector selector{tree, options};
    if (options.parents == ParentFolders::Take) {
        selector.select_with_parents(word);
    } else {
        selector.select(word);
    }
    return selector.take();
}

}  // namespace nacre::engine
