#pragma once

#include "base/bytes.hpp"
#include "cli/build/finished_image.hpp"
#include "cli/build/options.hpp"
#include "registry/origins.hpp"
#include "registry/registry.hpp"
#include "store/blob_store.hpp"

#include <filesystem>
#include <stop_token>
#include <string>
#include <vector>

namespace nacre::cli::build {

/// What the outputs of a build work with.
struct OutputServices {
    const store::BlobStore& blobs;
    registry::Registry& registry;
    const registry::Origins& origins;  ///< of layers that registries may have already
    std::filesystem::path folder;      ///< where relative paths begin
    ByteSink& out;                     ///< standard output
    bool out_is_terminal = false;
    std::stop_token stop;
};

/// Throws Error before a build when an output cannot work: an archive for a terminal, a file in a folder that is not there.
void check_outputs(const std::vector<OutputSpec>& outputs, const OutputServices& services);

/// Brings the image there. A file is complete or not there; a push has no name before all of it is there.
void write_output(
    const OutputSpec& output,
    const FinishedImage& image,
    const std::vector<std::string>& names,
    const OutputServices& services);

}  // namespace nacre::cli::build
