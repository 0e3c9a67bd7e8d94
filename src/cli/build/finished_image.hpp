#pragma once

#include "archive/compression.hpp"
#include "cli/build/options.hpp"
#include "engine/build.hpp"
#include "engine/step_transfer.hpp"
#include "store/blob_store.hpp"

#include <cstddef>
#include <string>
#include <vector>

namespace nacre::cli::build {

/// An image as it is named, written and pushed.
struct FinishedImage {
    oci::Descriptor manifest;  ///< or index: what is named, pushed and written
    oci::Descriptor image;     ///< the manifest itself
    oci::Digest config;
    std::vector<engine::Layer> layers;
};

struct ImageChanges {
    ImageAnnotations annotations;
    bool squash = false;    ///< the layers above the base become one
    bool in_index = false;  ///< an index of one image, whatever the annotations
    archive::CompressionSettings compression;
    engine::StepRecords inline_steps;  ///< of which the image shall tell; empty: nothing
};

/// Applies what is asked for beside the Dockerfile. What it writes is in the store, not synced.
FinishedImage finish_image(
    engine::BuildResult result, const ImageChanges& changes, store::BlobStore& blobs);

/// How many of the image's layers are those of an image that it is FROM: the longest of the bases that it begins with.
std::size_t count_base_layers(const engine::BuildResult& result, const store::BlobStore& blobs);

/// What `--metadata-file` holds: the keys that BuildKit has.
std::string render_metadata(const FinishedImage& image, const std::vector<std::string>& names);

}  // namespace nacre::cli::build
