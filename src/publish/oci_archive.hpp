#pragma once

#include "base/bytes.hpp"
#include "oci/descriptor.hpp"
#include "store/blob_store.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace nacre::publish {

/// Writes an image, or all images of an index, as a tar archive of an OCI image layout (image-spec,
/// image-layout.md): what `skopeo copy oci-archive:FILE` and `podman load` read. `reference` becomes the
/// annotation org.opencontainers.image.ref.name; empty: none. The bytes depend on the image and the
/// reference only. Throws Error{NotFound} for a missing blob, Error{DataCorrupt} for one of another size than its
/// descriptor says.
void write_oci_archive(
    const store::BlobStore& blobs,
    const oci::Descriptor& image,
    const std::string& reference,
    ByteSink& out);

enum class ArchiveFormat : std::uint8_t {
    Oci,
    Docker  ///< an OCI layout with the `manifest.json` that `docker load` reads; for one image, not for an index
};

/// The same with any number of references. Those of an archive for docker must have tags; without references it is loaded by its id.
void write_image_archive(
    const store::BlobStore& blobs,
    const oci::Descriptor& image,
    const std::vector<std::string>& references,
    ArchiveFormat format,
    ByteSink& out);

}  // namespace nacre::publish
