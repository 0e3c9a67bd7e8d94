#pragma once

#include "cli/build/options.hpp"

#include <filesystem>

namespace nacre::cli::build {

/// Where `nacre build` keeps its state. It is apart from that of a service, so that both can run at once.
struct Places {
    std::filesystem::path root;

    std::filesystem::path blobs() const { return root / "blobs"; }

    std::filesystem::path images() const { return root / "images"; }

    std::filesystem::path snapshots() const { return root / "snapshots"; }

    std::filesystem::path steps() const { return root / "steps"; }

    std::filesystem::path indexes() const { return root / "indexes"; }

    /// Of engine::CacheFolder.
    std::filesystem::path cache_mounts() const { return root / "cache-mounts"; }

    /// The files of engine::LayerIndexes.
    std::filesystem::path layer_indexes() const { return indexes() / "v1"; }

    std::filesystem::path locks() const { return root / "locks"; }

    std::filesystem::path leases() const { return root / "leases"; }

    /// Where layers of base images are that are not here yet.
    std::filesystem::path origins() const { return root / "origins"; }

    /// What is known of the files of a context, each a file of FileDigests.
    std::filesystem::path digests() const { return root / "digests"; }

    /// What is known of the machine's OCI runtimes.
    std::filesystem::path runtime() const { return root / "runtime"; }

    /// Creates what is missing; throws SystemError.
    void ensure() const;
};

/// $NACRE_ROOT/build, else /var/lib/nacre/build for root, else nacre/build in the user's data folder.
Places find_places(const Environment& environment);

}  // namespace nacre::cli::build
