#pragma once

#include "engine/build.hpp"
#include "engine/image_tree.hpp"
#include "engine/layer_indexes.hpp"

#include <cstddef>
#include <map>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

namespace nacre::engine {

/// The files of an image by its layers: names and attributes from the indexes of the layers, contents from unpacked layers,
/// else from their blobs. Nothing is unpacked for it, and nothing is read before it is asked for. Confined to one thread.
class ImageFiles {
public:
    /// What `services` refer to outlives it.
    ImageFiles(const BuildServices& services, std::vector<Layer> layers);

    /// Another layer on top.
    void push(Layer layer) { layers_.push_back(std::move(layer)); }

    /// A layer that tree() has already, as it was made on it.
    void push_made(Layer layer);

    /// All layers laid over each other.
    ImageTree& tree();

    /// The content of a regular file of at most `limit` bytes; nothing when there is none. Links are followed. Throws
    /// Error{ResourceExhausted} for a larger one.
    std::optional<std::string> find_text(const std::string& path, std::size_t limit);

private:
    enum class Hardlinks : std::uint8_t { Follow, Refuse };
    std::string read_blob_file(
        const Layer& layer, const std::string& path, std::size_t limit, Hardlinks links) const;

    const BuildServices& services_;
    const LayerIndexes indexes_;
    std::vector<Layer> layers_;
    ImageTree tree_;
    std::size_t applied_ = 0;  ///< layers that are in tree_
    std::map<std::pair<std::size_t, std::string>, std::string> texts_;  ///< by layer and path
};

}  // namespace nacre::engine
