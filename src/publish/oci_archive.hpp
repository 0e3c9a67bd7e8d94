#pragma once

#include "base/bytes.hpp"
#include "oci/descriptor.hpp"
#include "store/blob_store.hpp"

#include <string>

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

}  // namespace nacre::publish
