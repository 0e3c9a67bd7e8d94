#pragma once

#include "archive/tar.hpp"
#include "engine/attributes.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace nacre::engine {

/// What the root of an image holds, as names and attributes; contents stay in their layers. Paths are resolved as the
/// kernel does it with this tree as '/', links and ".." included: nothing leads out of it, and no file of this machine is
/// looked at. Confined to one thread.
class ImageTree {
public:
    struct Node {
        archive::EntryType type = archive::EntryType::Directory;  ///< never Hardlink
        std::uint32_t mode = 0755;
        Owner owner;
        std::int64_t mtime = 0;
        std::string link_target;
        std::uint32_t device_major = 0;
        std::uint32_t device_minor = 0;
        Xattrs xattrs;
        std::size_t layer = 0;  ///< number of the layer that it comes from, in the order of apply()
        std::string content_path;  ///< of a file: its path in that layer
        std::map<std::string, std::unique_ptr<Node>, std::less<>> children;

        bool is_folder() const noexcept { return type == archive::EntryType::Directory; }
    };

    /// A place in the tree.
    struct Place {
        std::string path;      ///< "a/b" without a link in it; empty: the root
        Node* node = nullptr;  ///< nothing: only the folder that it would be in is there
    };

    enum class LastLink : std::uint8_t { Follow, Keep };

    ImageTree();
    ImageTree(ImageTree&&) noexcept;
    ImageTree& operator=(ImageTree&&) noexcept;
    ~ImageTree();

    /// Lays the entries of the next layer over it: whiteouts remove, opaque folders hide what is below (image-spec,
    /// layer.md). Entries that no unpacking would take are left out.
    void apply(const std::vector<archive::TarEntry>& entries);

    /// Says that the next layer is made of what was put() since.
    void next_layer() noexcept { ++layer_; }

    /// Where `path` leads, or nothing when a folder on the way is missing or is none. Throws Error{InvalidArgument} for
    /// more than kLinksMax links.
    std::optional<Place> locate(std::string_view path, LastLink last);

    /// What is there, links at the end followed.
    const Node* find_target(std::string_view path);
    const Node* find(std::string_view path);

    /// Puts an entry at a path that locate() gave: its folder is there. What was there is replaced with all below it.
    Node& put(const std::string& path, Node node);

    static constexpr int kLinksMax = 40;

private:
    void apply_whiteout(const std::string& folder, std::string_view name);
    void apply_entry(const archive::TarEntry& entry);
    Node& make_folders(const std::string& path);

    std::unique_ptr<Node> root_;
    std::size_t layer_ = 0;
};

}  // namespace nacre::engine
