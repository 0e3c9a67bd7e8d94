#pragma once

#include "oci/config.hpp"
#include "oci/manifest.hpp"
#include "registry/push.hpp"
#include "registry/registry.hpp"

#include <cstdint>
#include <optional>
#include <stop_token>

namespace nacre::registry {

/// An image for one platform, without its layers.
struct ResolvedImage {
    Repository repository;
    oci::Descriptor descriptor;  ///< of the manifest
    std::string manifest_bytes;
    oci::Manifest manifest;
    std::string config_bytes;
    oci::ImageConfig config;
};

/// Fetches manifest and configuration, and the index before them when there is one; no layer. The reference is completed by docker's
/// rules. Throws Error{NotFound} that says which tags are like the one asked for, or which platforms there are; Error{Unsupported} for Docker's
/// schema 1; Error{DataCorrupt} when manifest and configuration do not fit each other.
ResolvedImage resolve_image(
    Registry& registry,
    const oci::Reference& reference,
    const oci::Platform& platform,
    std::stop_token stop);

/// Copies one blob into the store, verified. Throws Error{NotFound} and what Registry::open_blob() does.
void fetch_blob(
    Registry& registry,
    const Repository& repository,
    const oci::Descriptor& blob,
    store::BlobStore& blobs,
    std::stop_token stop);

struct PullOptions {
    std::optional<oci::Platform>
        platform;  ///< of an index only this image; nothing: the index and all its images
    std::size_t parallel = kParallelBlobs;  ///< blobs at once, 1 to kParallelBlobsMax
    BlobListener listener;                  ///< may be empty
};

/// Copies an image with all its blobs into the store, those that are missing, each verified; durable when it returns. The report
/// names the manifest or the index; naming it locally is the caller's business.
CopyReport pull_image(
    Registry& registry,
    const oci::Reference& reference,
    store::BlobStore& blobs,
    const PullOptions& options,
    std::stop_token stop);

}  // namespace nacre::registry
