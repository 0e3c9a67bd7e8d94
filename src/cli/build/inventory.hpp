#pragma once

#include "cli/build/local_images.hpp"
#include "cli/build/places.hpp"
#include "engine/step_cache.hpp"
#include "oci/digest.hpp"
#include "store/blob_store.hpp"

#include <cstdint>
#include <filesystem>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace nacre::cli::build {

/// Names of images and of caches, where layers come from, digests of a context's files, what is known of runtimes.
struct Records {
    std::uint64_t count = 0;
    std::uint64_t bytes = 0;
};

Records count_records(const Places& places);

/// What is in the state of `nacre build`, and who needs what.
struct Inventory {
    struct Blob {
        oci::Digest digest;
        std::uint64_t bytes = 0;
        std::int64_t last_use = 0;  ///< seconds since 1970
    };

    /// A layer that is unpacked, or whose entries are listed.
    struct Unpacked {
        oci::DiffId layer;
        std::uint64_t bytes = 0;  ///< of the content of its files, of its mark and of the list
        std::int64_t last_use = 0;
    };

    struct Image {
        std::string reference;
        oci::Digest manifest;
        std::set<oci::Digest> blobs;   ///< with the manifest
        std::set<oci::Digest> layers;  ///< their diff ids
    };

    /// The content of a `RUN --mount=type=cache`.
    struct CacheMount {
        std::filesystem::path folder;  ///< with the content and its lock
        std::uint64_t bytes = 0;
        std::int64_t last_use = 0;
        std::string id;  ///< what Dockerfiles call it
    };

    std::vector<Image> images;
    std::vector<engine::DirectoryStepCache::Listed> steps;
    std::vector<Blob> blobs;
    std::vector<Unpacked> unpacked;
    std::vector<CacheMount> mounts;

    Records records;
};

/// Reads it. What disappears meanwhile is left out.
Inventory take_inventory(
    const Places& places, const LocalImages& images, const store::BlobStore& blobs);

/// The blobs and layers of an image; of what is no image, nothing but the digest itself.
Inventory::Image image_parts(
    const store::BlobStore& blobs, const std::string& reference, const oci::Digest& manifest);

struct Usage {
    std::string kind;  ///< "images", "steps", "unpacked", "mounts", "records", "other"
    std::uint64_t count = 0;
    std::uint64_t bytes = 0;
};

/// Each byte once: blobs of named images; records and blobs that only steps need; unpacked layers; content of cache mounts; other records; blobs
/// that nobody needs. Together they are all files of the state but those of running builds.
std::vector<Usage> summarize(const Inventory& inventory);

struct PruneOptions {
    bool all = false;                         ///< named images too
    std::optional<std::int64_t> before;       ///< only what was last used before this time
    std::optional<std::uint64_t> keep_bytes;  ///< stop when what is left is no more than this
    bool only_mounts = false;                 ///< nothing else is removed, and counts as left
};

struct PrunePlan {
    std::vector<std::string> images;
    std::vector<engine::StepKey> steps;
    std::vector<oci::Digest> blobs;
    std::vector<oci::DiffId> unpacked;
    std::vector<std::filesystem::path> mounts;
    std::uint64_t bytes = 0;
};

/// What to remove, the longest unused first. Pure. Nothing of `uses` (what running builds use, and what that consists of) is in it,
/// and nothing of a named image unless options.all.
PrunePlan plan_prune(
    const Inventory& inventory, const std::set<oci::Digest>& uses, const PruneOptions& options);

}  // namespace nacre::cli::build
