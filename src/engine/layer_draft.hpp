#pragma once

#include "engine/attributes.hpp"
#include "engine/image_tree.hpp"
#include "store/layers.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace nacre::engine {

/// A layer in the making: entries on top of an image, in memory, whose contents are read once, when the layer is written.
/// Nothing is unpacked or mounted for it. Paths may begin with '/' and are resolved in the tree of the image, which gets
/// the entries too. What the functions refuse is Error{Conflict} or Error{InvalidArgument} that names the path. Confined
/// to one thread.
class LayerDraft {
public:
    /// Opens the content of a file; called once, by write().
    using Content = std::function<std::unique_ptr<ByteSource>()>;

    /// `tree` outlives it and is changed by nobody else meanwhile. `epoch` is the time of entries that have none of their
    /// own, and the latest one.
    LayerDraft(ImageTree& tree, std::int64_t epoch) : tree_{tree}, epoch_{epoch} {}

    /// What is there, links at the end followed. Nothing when it is not there.
    const ImageTree::Node* find_target(const std::string& path) const {
        return tree_.find_target(path);
    }

    /// Makes the folder and its parents where they are missing; the new ones get `attributes`. Returns whether it made the
    /// last one.
    bool ensure_folder(const std::string& path, const EntryAttributes& attributes);
    /// Sets what `attributes` say on a folder that is there.
    void set_attributes(const std::string& path, const EntryAttributes& attributes);

    /// The entry itself, not what it leads to.
    bool is_link(const std::string& path) const;
    /// Where a link at the end of the path leads, whether something is there or not; any other path as it is.
    std::string follow_links(const std::string& path) const;
    /// Makes a folder in the place of a link.
    void replace_link_by_folder(const std::string& path, const EntryAttributes& attributes);

    /// These replace the entry itself, unless it is a folder. The folder that it is in must be there.
    void write_file(
        const std::string& path,
        std::uint64_t size,
        Content content,
        const EntryAttributes& attributes);
    void write_symlink(
        const std::string& path, const std::string& target, const EntryAttributes& attributes);
    /// Another name of a file of this draft.
    void write_hardlink(const std::string& path, const std::string& existing);

    struct Device {
        archive::EntryType type = archive::EntryType::Fifo;  ///< or CharDevice, BlockDevice
        std::uint32_t major = 0;
        std::uint32_t minor = 0;
    };

    void write_special(
        const std::string& path, const Device& device, const EntryAttributes& attributes);

    bool empty() const noexcept { return changes_.empty(); }

    /// Writes the layer: the bytes depend on the entries only, in no way on the order in which they were made. The entries
    /// without their contents are added to `entries`. Throws what the contents throw, and Error{Conflict} when one of them
    /// is shorter than was said.
    store::LayerSummary write(ByteSink& out, std::vector<archive::TarEntry>& entries) const;

private:
    /// A file with its names in this layer.
    struct File {
        std::uint64_t size = 0;
        Content content;
    };

    struct Change {
        ImageTree::Node* node = nullptr;
        std::shared_ptr<File> file;  ///< of a file
        bool is_made = false;  ///< else a folder that was there, above something that was made
    };

    ImageTree::Node make_node(archive::EntryType type, const EntryAttributes& attributes) const;
    /// The place of an entry that is made or replaced itself.
    std::string place_of(const std::string& path);
    void put(const std::string& path, ImageTree::Node node, std::shared_ptr<File> file);
    /// The folders above an entry are part of its layer, as overlayfs has it.
    void touch_parents(const std::string& path);
    archive::TarEntry entry_of(const std::string& path, const ImageTree::Node& node) const;

    ImageTree& tree_;
    const std::int64_t epoch_;
    std::map<std::string, Change> changes_;  ///< by path, in the order of the layer
};

}  // namespace nacre::engine
