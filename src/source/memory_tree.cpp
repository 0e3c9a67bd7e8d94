#include "source/memory_tree.hpp"

#include "base/error.hpp"
#include "base/streams.hpp"
#include "base/text.hpp"
#include "source/path.hpp"

namespace nacre::source {
namespace {

/// Keeps its own copy: a source may outlive a change of the tree.
}  // namespace

bool MemoryTree::PathLess::operator()(std::string_view a, std::string_view b) const noexcept {
    return path_less(a, b);
}

void MemoryTree::add(Node node, std::string content) {
    if (!is_plain_path(node.path)) {
        throw Error{
            ErrorCode::InvalidArgument, "path " + quoted(node.path) + " is not relative and plain"};
    }
    const std::size_t slash = node.path.rfind('/');
    if (slash != std::string::npos) add_folder(std::string_view{node.path}.substr(0, slash));
    node.mtime = commit_time_.value_or(0);
    const auto found = entries_.find(node.path);
    if (found != entries_.end() && found->second.node.type != node.type)
        throw Error{ErrorCode::Conflict, "path " + quoted(node.path) + " is of another type"};
    entries_.insert_or_assign(node.path, Entry{node, std::move(content)});
}

void MemoryTree::add_file(std::string_view path, std::string content, std::uint32_t mode) {
    Node node{std::string{path}, NodeType::File, mode, content.size()};
    add(std::move(node), std::move(content));
}

void MemoryTree::add_symlink(std::string_view path, std::string target) {
    Node node{std::string{path}, NodeType::Symlink, 0777};
    node.link_target = std::move(target);
    add(std::move(node), {});
}

void MemoryTree::add_folder(std::string_view path, std::uint32_t mode) {
    const auto found = entries_.find(path);
    if (found != entries_.end() && found->second.node.type == NodeType::Directory) return;
    add({std::string{path}, NodeType::Directory, mode}, {});
}

std::optional<Node> MemoryTree::find(std::string_view path) const {
    if (path.empty()) return Node{"", NodeType::Directory, 0755, 0, commit_time_.value_or(0)};
    const auto found = entries_.find(path);
    if (found == entries_.end()) return std::nullopt;
    return found->second.node;
}

std::vector<Node> MemoryTree::walk(std::string_view path) const {
    std::vector<Node> nodes;
    for (auto at = entries_.lower_bound(path); at != entries_.end(); ++at) {
        if (!is_within(path, at->first)) break;
        if (at->first != path) nodes.push_back(at->second.node);
    }
    return nodes;
}

std::unique_ptr<ByteSource> MemoryTree::open(const Node& file) const {
    const auto found = entries_.find(file.path);
    if (found == entries_.end() || found->second.node.type != NodeType::File)
        throw Error{ErrorCode::NotFound, "there is no file " + quoted(file.path)};
    return std::make_unique<OwningSource>(found->second.content);
}

}  // namespace nacre::source
