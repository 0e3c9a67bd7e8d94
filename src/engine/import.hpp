#pragma once

#include "archive/compression.hpp"
#include "base/bytes.hpp"
#include "oci/descriptor.hpp"
#include "store/blob_store.hpp"

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace nacre::engine {

struct ImportOptions {
    oci::Platform platform;
    archive::CompressionSettings compression;
    std::filesystem::path temporary;  ///< folder to unpack in; the result is removed again
    std::vector<std::string> cmd;     ///< of the image; empty: none
};

struct ImportedImage {
    oci::Descriptor manifest;
    std::uint64_t entries = 0;
    std::uint64_t bytes = 0;  ///< of file content
};

/// Makes an image of one layer from the tar (plain or compressed) of a root file system. The layer is written anew, so that
/// its bytes depend on the files and not on how the tar was made; times are kept. Entries that would leave the root throw
/// Error{DataCorrupt}. `created` is the newest time of a file. The blobs are stored; naming is the caller's business.
ImportedImage import_root(ByteSource& tar, store::BlobStore& blobs, const ImportOptions& options);

}  // namespace nacre::engine
