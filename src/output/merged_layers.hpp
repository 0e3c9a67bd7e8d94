#pragma once

#include "base/bytes.hpp"
#include "oci/descriptor.hpp"
#include "store/blob_store.hpp"
#include "store/layers.hpp"

#include <cstdint>
#include <vector>

namespace nacre::output {

enum class MergeInto : std::uint8_t {
    Root,  ///< a whole root: nothing is below it
    Layer  ///< one layer for several: it keeps what it hides of those below
};

/// Writes what `layers`, lowest first, come to as one tar: folders first, then files in the order of their layers. No layer is unpacked,
/// and nothing but names is kept in memory: each blob is read twice. Needs no privileges. The bytes depend on the layers only. Throws
/// Error{DataCorrupt} for a damaged layer, Error{NotFound} for a missing blob.
store::LayerSummary write_merged_layers(
    const store::BlobStore& blobs,
    const std::vector<oci::Descriptor>& layers,
    MergeInto into,
    ByteSink& out);

}  // namespace nacre::output
