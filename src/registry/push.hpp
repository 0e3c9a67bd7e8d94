#pragma once

#include "oci/descriptor.hpp"
#include "oci/reference.hpp"
#include "registry/origins.hpp"
#include "registry/registry.hpp"
#include "store/blob_store.hpp"

#include <cstdint>
#include <functional>
#include <stop_token>
#include <string>
#include <vector>

namespace nacre::registry {

inline constexpr std::size_t kParallelBlobs = 4;
inline constexpr std::size_t kParallelBlobsMax = 64;

/// What became of one blob of an image that is copied.
enum class BlobFate : std::uint8_t { Copied, Mounted, Present };

struct BlobEvent {
    oci::Descriptor blob;
    BlobFate fate = BlobFate::Copied;
};

/// Called from the copying threads, maybe from several at once.
using BlobListener = std::function<void(const BlobEvent&)>;

struct PushOptions {
    std::vector<std::string> tags;          ///< beside the one of the destination
    std::size_t parallel = kParallelBlobs;  ///< blobs at once, 1 to kParallelBlobsMax
    const Origins* origins = nullptr;       ///< where blobs may be mounted from
    BlobListener listener;                  ///< may be empty
};

struct CopyReport {
    oci::Descriptor image;  ///< manifest or index
    std::size_t blobs_copied = 0;
    std::size_t blobs_mounted = 0;
    std::size_t blobs_present = 0;
    std::uint64_t bytes_copied = 0;
};

/// Copies an image, or all images of an index, from the store to the repository of `destination`, which is completed by docker's
/// rules: blobs that are missing there, in parallel and each once, mounted where that is possible; then the manifests, the index,
/// and last the tags (the destination's effective tag unless it has a digest, and options.tags). Nothing has a name before all of it
/// is there. A digest in `destination` must be the image's, else Error{InvalidArgument}. Throws Error{NotFound} for a blob that the
/// store does not have, and what Registry throws.
CopyReport push_image(
    Registry& registry,
    const store::BlobStore& blobs,
    const oci::Descriptor& image,
    const oci::Reference& destination,
    const PushOptions& options,
    std::stop_token stop);

}  // namespace nacre::registry
