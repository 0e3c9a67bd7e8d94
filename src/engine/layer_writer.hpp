#pragma once

#include "archive/compression.hpp"
#include "oci/descriptor.hpp"
#include "store/blob_store.hpp"

#include <functional>
#include <string>
#include <string_view>

namespace nacre::engine {

/// A layer of an image: what its manifest and its configuration say of it.
struct Layer {
    oci::Descriptor blob;
    oci::DiffId diff_id;

    bool operator==(const Layer&) const = default;
};

/// Stores what `write_tar` writes as a compressed blob: digested, compressed, digested again and stored in one pass. When
/// it throws nothing is stored.
Layer write_layer_blob(
    store::BlobStore& blobs,
    const archive::CompressionSettings& compression,
    const std::function<void(ByteSink&)>& write_tar);

/// Stores a manifest or a configuration, and describes it.
oci::Descriptor store_document(
    store::BlobStore& blobs, std::string_view media_type, const std::string& text);

}  // namespace nacre::engine
