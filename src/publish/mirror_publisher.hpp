#pragma once

#include "publish/publisher.hpp"
#include "store/blob_store.hpp"

#include <filesystem>

namespace nacre::publish {

/// A tree of files that mirrors copy:
///
///     <root>/<destination>/Container/<arch>/images/<N>-<V>-<R>.<arch>.oci.tar      an OCI image layout
///     <root>/<destination>/Container/<arch>/images/<N>-<V>-<R>-<arch>-CHECKSUM     its size and SHA-256
///
/// The archive is a file without name until it is whole and on the disk; the CHECKSUM file follows it. What a killed
/// process left without CHECKSUM gets it when it is published again. Safe between processes.
class MirrorPublisher final : public Publisher {
public:
    /// Creates `root` when it does not exist; `blobs` outlives the publisher.
    MirrorPublisher(std::filesystem::path root, const store::BlobStore& blobs);

    /// Throws Error{ResourceExhausted} when the disk is full, with nothing left behind. The receipt's location is
    /// the path of the archive relative to the root.
    Receipt publish(const Publication& publication) override;
    bool retract(const Publication& publication) override;

private:
    const std::filesystem::path root_;
    const store::BlobStore& blobs_;
};

}  // namespace nacre::publish
