#pragma once

#include "archive/tar.hpp"
#include "base/bytes.hpp"
#include "engine/layer_writer.hpp"

#include <functional>

namespace nacre::engine {

/// Reads the layer's tar from `blob`, its compressed bytes, and passes a reader of it to `use`. An image's configuration is free to name any
/// diff id, and what is known of a layer is kept under it and shared by all images: so the uncompressed bytes are
/// digested, and Error{DataCorrupt} is thrown, after `use`, when they are others. What `use` made is worth nothing then.
void read_verified_layer(
    const Layer& layer, ByteSource& blob, const std::function<void(archive::TarReader&)>& use);

}  // namespace nacre::engine
