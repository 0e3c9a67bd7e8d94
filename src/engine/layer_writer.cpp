#include "engine/layer_writer.hpp"

#include "archive/digester.hpp"

#include <string>

namespace nacre::engine {
namespace {

std::string media_type_of(archive::CompressionKind kind) {
    switch (kind) {
        case archive::CompressionKind::None:
            return std::string{oci::kMediaTypeLayer};
        case archive::CompressionKind::Gzip:
            return std::string{oci::kMediaTypeLayerGzip};
        case archive::CompressionKind::Zstd:
            return std::string{oci::kMediaTypeLayerZstd};
    }
    return {};
}

}  // namespace

Layer write_layer_blob(
    store::BlobStore& blobs,
    const archive::CompressionSettings& compression,
    const std::function<void(ByteSink&)>& write_tar) {
    const auto ingest = blobs.ingest();
    const auto compressing = archive::make_compressing_sink(compression, *ingest);
    archive::DigestingSink tar{archive::HashAlgorithm::Sha256, *compressing};
    write_tar(tar);
    compressing->finish();
    const std::uint64_t size = ingest->size();
    const oci::Digest digest = ingest->commit();
    return {
        .blob = {.media_type = media_type_of(compression.kind), .digest = digest, .size = size},
        .diff_id = {oci::Digest::parse("sha256:" + tar.finish_hex())}};
}

oci::Descriptor store_document(
    store::BlobStore& blobs, std::string_view media_type, const std::string& text) {
    return {
        .media_type = std::string{media_type},
        .digest = store::write_blob(blobs, text),
        .size = text.size()};
}

}  // namespace nacre::engine
