#include "source/sub_tree.hpp"

#include "base/error.hpp"
#include "base/text.hpp"

#include <utility>

namespace nacre::source {

SubTree::SubTree(const Tree& inner, std::string folder)
    : inner_{&inner},
      folder_{std::move(folder)} {
    const std::optional<Node> node = folder_.empty() ? std::nullopt : inner.find(folder_);
    if (!folder_.empty() && (!node || node->type != NodeType::Directory))
        throw Error{ErrorCode::NotFound, "there is no folder " + quoted(folder_)};
}

std::string SubTree::inside(std::string_view path) const {
    if (folder_.empty()) return std::string{path};
    return path.empty() ? folder_ : folder_ + "/" + std::string{path};
}

Node SubTree::outside(Node node) const {
    if (!folder_.empty())
        node.path = node.path.size() > folder_.size() ? node.path.substr(folder_.size() + 1) : "";
    return node;
}

std::optional<Node> SubTree::find(std::string_view path) const {
    std::optional<Node> node = inner_->find(inside(path));
    if (node) node = outside(*std::move(node));
    return node;
}

std::vector<Node> SubTree::walk(std::string_view path) const {
    std::vector<Node> nodes = inner_->walk(inside(path));
    for (Node& node : nodes)
        node = outside(std::move(node));
    return nodes;
}

std::unique_ptr<ByteSource> SubTree::open(const Node& file) const {
    Node node = file;
    node.path = inside(file.path);
    return inner_->open(node);
}

}  // namespace nacre::source
