#pragma once

#include "archive/tar.hpp"
#include "source/path.hpp"

#include <cstddef>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace nacre::output {

/// Where an entry is: number of its layer, lowest first, and its number in that.
struct EntryPlace {
    std::size_t layer = 0;
    std::size_t entry = 0;

    auto operator<=>(const EntryPlace&) const = default;
};

/// What several layers come to when they are laid over each other, without any content: which entries are seen in the end, and
/// what they hide of a layer below all of them. Paths are as overlayfs has them: a folder that only an upper layer's file names
/// is a folder whatever was there. Pure.
class LayerTree {
public:
    struct Node {
        EntryPlace place;
        bool is_folder = false;
        bool is_implied = false;   ///< a folder that no entry describes
        bool is_opaque = false;    ///< hides the content of the same folder below all layers
        archive::TarEntry folder;  ///< of a folder: its entry
        std::string link_target;   ///< of a symbolic link
    };

    struct PathLess {
        using is_transparent = void;

        bool operator()(std::string_view a, std::string_view b) const noexcept {
            return source::path_less(a, b);
        }
    };

    using Nodes = std::map<std::string, Node, PathLess>;

    /// The next layer, upwards: all its entries in their order. Throws Error{DataCorrupt} for a path with "..", one through what is no
    /// folder of the same layer, and for a hard link to nothing.
    void add_layer(const std::vector<archive::TarEntry>& entries);

    /// Folders before what is in them.
    const Nodes& nodes() const noexcept { return nodes_; }

    /// Paths that are to be missing, although a layer below all may have them.
    const std::set<std::string, PathLess>& whiteouts() const noexcept { return whiteouts_; }

    /// What becomes of one entry that is not a folder.
    struct Fate {
        std::string path;    ///< where it goes; empty: it is not written
        std::string target;  ///< of a hard link: the path to link to
    };

    /// A file whose own name is hidden goes to the first of its hard links that is seen, which is not written then.
    Fate fate_of(EntryPlace place) const;

private:
    struct Link {
        std::string path;
        std::size_t file = 0;  ///< number of the entry with the content
    };

    struct Layer {
        std::map<std::size_t, std::string> paths;  ///< of entries that are no folders
        std::map<std::size_t, Link> links;         ///< hard links
        std::map<std::size_t, std::vector<std::size_t>>
            names;  ///< of a file: its hard links, in order
    };

    void add_entry(const archive::TarEntry& entry, std::size_t number);
    std::string resolve(const std::string& path) const;
    void ensure_folder(const std::string& path);
    void remove_below(const std::string& path);
    void remove(const std::string& path);
    /// Under which name the content of a file is seen; empty: under none.
    std::string seen_name(EntryPlace file) const;
    bool is_seen(const std::string& path, EntryPlace place) const;

    Nodes nodes_;
    std::set<std::string, PathLess> whiteouts_;
    std::vector<Layer> layers_;
    std::map<std::string, std::size_t> files_;  ///< of the layer that is being added: path to entry
};

}  // namespace nacre::output
