#include "cli/build/finished_image.hpp"

#include "base/text.hpp"
#include "engine/layer_writer.hpp"
#include "json/value.hpp"
#include "output/merged_layers.hpp"

#include <algorithm>

namespace nacre::cli::build {
namespace {

constexpr std::size_t kDocumentBytesMax = 8U << 20U;

oci::Manifest read_manifest(const store::BlobStore& blobs, const oci::Descriptor& descriptor) {
    return oci::parse_manifest(
        store::read_blob(blobs, descriptor.digest, kDocumentBytesMax), descriptor.media_type);
}

/// The layers from `base` on become one. The history keeps what was done, as docker's --squash does.
void squash_layers(
    engine::BuildResult& result,
    std::size_t base,
    const archive::CompressionSettings& compression,
    store::BlobStore& blobs) {
    if (result.layers.size() <= base + 1) return;
    std::vector<oci::Descriptor> merged;
    for (std::size_t i = base; i < result.layers.size(); ++i)
        merged.push_back(result.layers[i].blob);
    const auto into = base == 0 ? output::MergeInto::Root : output::MergeInto::Layer;
    const engine::Layer layer = engine::write_layer_blob(blobs, compression, [&](ByteSink& out) {
        output::write_merged_layers(blobs, merged, into, out);
    });
    const auto end_of_base = static_cast<std::ptrdiff_t>(base);
    result.layers.erase(result.layers.begin() + end_of_base, result.layers.end());
    result.layers.push_back(layer);
    oci::ImageConfig& config = result.config;
    config.diff_ids.erase(config.diff_ids.begin() + end_of_base, config.diff_ids.end());
    config.diff_ids.push_back(layer.diff_id);
    std::size_t seen = 0;
    for (oci::HistoryEntry& entry : config.history)
        if (!entry.empty_layer && seen++ >= base) entry.empty_layer = true;
    config.history.push_back(
        {.created = config.created,
         .created_by = "",
         .comment = "merge of " + std::to_string(merged.size()) + " layers",
         .empty_layer = false});
}

void annotate(oci::Annotations& annotations, const NamedTexts& wanted) {
    for (const auto& [name, value] : wanted) {
        std::erase_if(annotations, [&](const auto& known) { return known.first == name; });
        annotations.emplace_back(name, value);
    }
}

bool needs_index(const ImageChanges& changes) {
    return changes.in_index || !changes.annotations.index.empty()
           || !changes.annotations.index_descriptor.empty();
}

oci::Descriptor store_index(
    const oci::Descriptor& image, const ImageAnnotations& annotations, store::BlobStore& blobs) {
    oci::Index index{
        .media_type = std::string{oci::kMediaTypeIndex}, .manifests = {image}, .annotations = {}};
    annotate(index.annotations, annotations.index);
    oci::Descriptor described = engine::store_document(blobs, index.media_type, oci::render(index));
    annotate(described.annotations, annotations.index_descriptor);
    return described;
}

}  // namespace

std::size_t count_base_layers(const engine::BuildResult& result, const store::BlobStore& blobs) {
    std::size_t most = 0;
    for (const auto& [reference, digest] : result.bases) {
        const std::string bytes = store::read_blob(blobs, digest, kDocumentBytesMax);
        const json::Value document = json::parse(bytes);
        const oci::Manifest manifest = oci::parse_manifest(
            bytes,
            json::Reader{document, "manifest"}.get_string_or("mediaType", oci::kMediaTypeManifest));
        const bool is_base = manifest.layers.size() <= result.layers.size()
                             && std::ranges::equal(
                                 manifest.layers,
                                 std::span{result.layers}.first(manifest.layers.size()),
                                 {},
                                 &oci::Descriptor::digest,
                                 [](const engine::Layer& layer) { return layer.blob.digest; });
        if (is_base) most = std::max(most, manifest.layers.size());
    }
    return most;
}

FinishedImage finish_image(
    engine::BuildResult result, const ImageChanges& changes, store::BlobStore& blobs) {
    oci::Manifest manifest = read_manifest(blobs, result.manifest);
    if (changes.squash) {
        squash_layers(result, count_base_layers(result, blobs), changes.compression, blobs);
        manifest.layers.clear();
        for (const engine::Layer& layer : result.layers)
            manifest.layers.push_back(layer.blob);
        manifest.config =
            engine::store_document(blobs, manifest.config.media_type, oci::render(result.config));
    }
    annotate(manifest.annotations, changes.annotations.manifest);
    if (!changes.inline_steps.empty())
        annotate(
            manifest.annotations,
            {{std::string{engine::kStepsAnnotation},
              engine::render_inline_steps(
                  engine::steps_of_layers(changes.inline_steps, result.layers), result.layers)}});
    if (changes.squash || !manifest.annotations.empty())
        result.manifest = engine::store_document(blobs, manifest.media_type, oci::render(manifest));
    oci::Descriptor top = result.manifest;
    annotate(top.annotations, changes.annotations.manifest_descriptor);
    if (needs_index(changes)) {
        top.platform = result.config.platform;
        top = store_index(top, changes.annotations, blobs);
    }
    return {top, result.manifest, manifest.config.digest, std::move(result.layers)};
}

std::string render_metadata(const FinishedImage& image, const std::vector<std::string>& names) {
    json::Object metadata;
    metadata.set("containerimage.config.digest", image.config.str());
    metadata.set("containerimage.descriptor", oci::render(image.manifest));
    metadata.set("containerimage.digest", image.manifest.digest.str());
    if (!names.empty()) metadata.set("image.name", join(names, ","));
    return json::render_pretty(std::move(metadata));
}

}  // namespace nacre::cli::build
