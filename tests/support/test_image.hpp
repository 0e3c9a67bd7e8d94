#pragma once

#include "oci/manifest.hpp"
#include "store/blob_store.hpp"

#include <string>

namespace nacre::test {

/// Stores an image with one uncompressed layer of these bytes, and returns its manifest.
inline oci::Descriptor write_image(store::BlobStore& blobs, const std::string& layer) {
    const auto put = [&](std::string_view media_type, const std::string& content) {
        return oci::Descriptor{
            .media_type = std::string{media_type},
            .digest = store::write_blob(blobs, content),
            .size = content.size()};
    };
    const oci::Descriptor tar = put(oci::kMediaTypeLayer, layer);
    const oci::Descriptor config = put(
        oci::kMediaTypeConfig,
        R"({"architecture":"amd64","os":"linux","config":{},"rootfs":{"type":"layers","diff_ids":[")"
            + tar.digest.str() + R"("]}})");
    const oci::Manifest manifest{
        .media_type = std::string{oci::kMediaTypeManifest}, .config = config, .layers = {tar}};
    return put(oci::kMediaTypeManifest, oci::render(manifest));
}

}  // namespace nacre::test
