#include "engine/root_tree.hpp"

#include "base/error.hpp"
#include "os/file.hpp"
#include "source/path.hpp"

#include <fcntl.h>

#include <utility>

namespace nacre::engine {

std::optional<source::Node> RootTree::find(std::string_view path) const {
    const std::string name{path};
    const auto status = root_.find(path.empty() ? "/" : name);
    if (!status) return std::nullopt;
    source::Node node{.path = name, .mode = status->st_mode & 07777U};
    node.mtime = status->st_mtim.tv_sec;
    if (S_ISDIR(status->st_mode)) {
        node.type = source::NodeType::Directory;
    } else if (S_ISLNK(status->st_mode)) {
        node.type = source::NodeType::Symlink;
        node.link_target = root_.read_link(name);
    } else if (S_ISREG(status->st_mode)) {
        node.size = static_cast<std::uint64_t>(status->st_size);
    } else {
        node.type = source::NodeType::Other;
    }
    return node;
}

void RootTree::walk_into(const std::string& folder, std::vector<source::Node>& nodes) const {
    for (const std::string& name : root_.list(folder.empty() ? "/" : folder)) {
        std::string path = folder.empty() ? name : folder + "/" + name;
        auto node = find(path);
        if (!node) continue;
        const bool is_folder = node->type == source::NodeType::Directory;
        nodes.push_back(*std::move(node));
        if (is_folder) walk_into(path, nodes);
    }
}

std::vector<source::Node> RootTree::walk(std::string_view path) const {
    std::vector<source::Node> nodes;
    const auto folder = find(path);
    if (folder && folder->type == source::NodeType::Directory) walk_into(std::string{path}, nodes);
    return nodes;
}

std::unique_ptr<ByteSource> RootTree::open(const source::Node& file) const {
    return std::make_unique<os::FileSource>(
        root_.open(file.path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK));
}

}  // namespace nacre::engine
