#pragma once

#include "base/bytes.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace nacre::source {

enum class NodeType : std::uint8_t { File, Directory, Symlink, Other };

/// One entry of a source tree. `path` is relative to the root, "a/b", never with ".." or a leading '/'.
struct Node {
    std::string path;
    NodeType type = NodeType::File;
    std::uint32_t mode = 0644;  ///< permission bits; a git commit knows 0644, 0755 only
    std::uint64_t size = 0;     ///< of a file
    std::int64_t mtime = 0;     ///< seconds since 1970; of a git commit: the commit's time
    std::string link_target;    ///< of a symlink, as it stands
    /// Names the content (of a file), equal for equal content within this kind of tree: a git object id
    /// ("git:…"), or a sha256 ("sha256:…"). Empty when it is not known without reading.
    std::string content_key;
    /// Another value when the content or the attributes changed, as far as the kind of tree can tell; 0 when it cannot.
    std::uint64_t version = 0;
};

/// A read-only tree of files to build from: a git commit, a folder, a tar. It does not change while it is
/// used, or a read says so. Thread-safe. Every implementation passes tests/contract/tree_contract.cpp.
class Tree {
public:
    virtual ~Tree() = default;

    /// Nothing when there is no such entry. Links are not followed; "" is the root.
    virtual std::optional<Node> find(std::string_view path) const = 0;

    /// All entries below folder `path` ("" is the root) at every depth, sorted by path as bytes with '/'
    /// before all other characters, so that a folder comes before what is in it.
    virtual std::vector<Node> walk(std::string_view path) const = 0;

    /// The content of a file. Throws Error{NotFound}; read() throws Error{Conflict} when it changed meanwhile.
    virtual std::unique_ptr<ByteSource> open(const Node& file) const = 0;

    /// Tells a tree that did not know it what a file holds: it may give the key next time. `file` is as the tree gave it.
    virtual void remember(const Node& /*file*/, std::string_view /*content_key*/) const {}

    /// The time that stands for the whole tree: the commit's time; nothing for a folder.
    virtual std::optional<std::int64_t> commit_time() const = 0;
};

/// The content of a file of at most `limit` bytes, or nothing when there is no file at `path`. Follows no links.
std::optional<std::string> find_text(const Tree& tree, std::string_view path, std::size_t limit);

}  // namespace nacre::source
