#pragma once

#include "archive/tar.hpp"
#include "engine/layer_writer.hpp"
#include "store/blob_store.hpp"

#include <filesystem>
#include <vector>

namespace nacre::engine {

/// The entries of layers without their contents, kept so that a layer is not read again to know what is in it:
/// `<folder>/v1/<hex of the diff id>`, a tar of empty files, compressed. A damaged file counts as none. Thread-safe, and safe
/// between processes.
class LayerIndexes {
public:
    /// The folder is made with the first file.
    LayerIndexes(const std::filesystem::path& folder, const store::BlobStore& blobs)
        : folder_{folder / "v1"},
          blobs_{blobs} {}

    /// Reads the layer when its entries are not kept yet. Throws what reading a blob throws, and Error{DataCorrupt} for a
    /// layer that is not what its image says.
    std::vector<archive::TarEntry> get(const Layer& layer) const;

    /// Keeps what is known already. `entries` are those of the layer, files with size 0. Survives the end of the process,
    /// not a power cut.
    void keep(const oci::DiffId& diff_id, const std::vector<archive::TarEntry>& entries) const;

private:
    std::filesystem::path path_of(const oci::DiffId& diff_id) const;

    const std::filesystem::path folder_;
    const store::BlobStore& blobs_;
};

}  // namespace nacre::engine
