#include "registry/pull.hpp"

#include "base/error.hpp"
#include "base/text.hpp"
#include "registry/detail/copy_tally.hpp"
#include "registry/detail/image_parts.hpp"
#include "registry/detail/parallel.hpp"

#include <array>

namespace nacre::registry {
namespace {

constexpr std::size_t kConfigBytesMax = 8U << 20U;
constexpr std::size_t kCopyBytes = 128U << 10U;
/// An index that leads to an index that leads to ... is an attack.
constexpr int kIndexDepthMax = 2;

Error not_found(Registry& registry, const oci::Reference& reference, const std::stop_token& stop) {
    Error error{ErrorCode::NotFound, "image '" + reference.str() + "' is not in its registry"};
    if (reference.digest) return error;
    std::vector<std::string> known;
    try {
        known = registry.tags(repository_of(reference), stop);
    } catch (const Error&) {
        // Only a hint is lost: many registries do not list tags for everyone.
        return error;
    }
    if (known.empty())
        return error.with_hint(
            "the repository has no tags, or is not to be seen without credentials");
    const auto near = nearest(reference.effective_tag(), known);
    return near ? error.with_hint("did you mean tag '" + *near + "'?") : error;
}

Document get_document(
    Registry& registry, const oci::Reference& reference, const std::stop_token& stop) {
    auto found = registry.find_manifest(reference, stop);
    if (!found) throw not_found(registry, reference, stop);
    return std::move(*found);
}

oci::Reference by_digest(const Repository& repository, const oci::Digest& digest) {
    return {
        .registry = repository.registry,
        .repository = repository.name,
        .image_tag = "",
        .digest = digest};
}

/// The manifest for the platform: the document itself or one below it.
Document get_for_platform(
    Registry& registry,
    const oci::Reference& reference,
    const oci::Platform& platform,
    const std::stop_token& stop) {
    Document document = get_document(registry, reference, stop);
    for (int depth = 0; oci::is_index(document.descriptor.media_type); ++depth) {
        if (depth == kIndexDepthMax)
            throw Error{ErrorCode::DataCorrupt, "its index leads to indexes more than twice"};
        const oci::Index index = oci::parse_index(document.bytes, document.descriptor.media_type);
        const oci::Descriptor chosen = oci::choose_for(index, platform);
        document = get_document(registry, by_digest(repository_of(reference), chosen.digest), stop);
        if (document.descriptor.media_type != chosen.media_type)
            throw Error{
                ErrorCode::DataCorrupt,
                chosen.digest.str() + " came as " + quoted(document.descriptor.media_type)
                    + ", its index says " + quoted(chosen.media_type)};
    }
    return document;
}

std::string read_config(
    Registry& registry,
    const Repository& repository,
    const oci::Descriptor& config,
    const std::stop_token& stop) {
    if (config.size > kConfigBytesMax)
        throw Error{
            ErrorCode::ResourceExhausted,
            "its configuration has " + std::to_string(config.size) + " bytes, the limit is "
                + std::to_string(kConfigBytesMax)};
    const auto source = registry.open_blob(repository, config, stop);
    std::string bytes;
    std::array<std::byte, 16U << 10U> buffer{};
    while (const std::size_t count = source->read(buffer))
        bytes += as_text(Bytes{buffer}.first(count));
    return bytes;
}

void store_document(store::BlobStore& blobs, const Document& document) {
    const auto ingest = blobs.ingest();
    ingest->write(as_bytes(document.bytes));
    ingest->commit(document.descriptor.digest);
}

}  // namespace

void fetch_blob(
    Registry& registry,
    const Repository& repository,
    const oci::Descriptor& blob,
    store::BlobStore& blobs,
    std::stop_token stop) {
    const auto source = registry.open_blob(repository, blob, std::move(stop));
    const auto ingest = blobs.ingest();
    std::vector<std::byte> buffer(kCopyBytes);
    while (const std::size_t count = source->read(buffer))
        ingest->write(Bytes{buffer}.first(count));
    ingest->commit(blob.digest);
}

ResolvedImage resolve_image(
    Registry& registry,
    const oci::Reference& reference,
    const oci::Platform& platform,
    std::stop_token stop) {
    const oci::Reference wanted = complete(reference);
    return with_context("image '" + wanted.str() + "'", [&] {
        const Repository repository = repository_of(wanted);
        Document document = get_for_platform(registry, wanted, platform, stop);
        oci::Manifest manifest =
            oci::parse_manifest(document.bytes, document.descriptor.media_type);
        std::string config_bytes = read_config(registry, repository, manifest.config, stop);
        oci::ImageConfig config = oci::parse_image_config(config_bytes);
        if (config.diff_ids.size() != manifest.layers.size())
            throw Error{
                ErrorCode::DataCorrupt,
                "its configuration names " + std::to_string(config.diff_ids.size())
                    + " layers, its manifest " + std::to_string(manifest.layers.size())};
        return ResolvedImage{
            .repository = repository,
            .descriptor = document.descriptor,
            .manifest_bytes = std::move(document.bytes),
            .manifest = std::move(manifest),
            .config_bytes = std::move(config_bytes),
            .config = std::move(config)};
    });
}

CopyReport pull_image(
    Registry& registry,
    const oci::Reference& reference,
    store::BlobStore& blobs,
    const PullOptions& options,
    std::stop_token stop) {
    const oci::Reference wanted = complete(reference);
    return with_context("pulling '" + wanted.str() + "'", [&] {
        detail::check_parallel(options.parallel);
        const Repository repository = repository_of(wanted);
        const Document image = options.platform
                                   ? get_for_platform(registry, wanted, *options.platform, stop)
                                   : get_document(registry, wanted, stop);
        const detail::ImageParts parts =
            detail::collect_parts(image.descriptor, [&](const oci::Descriptor& part) {
                if (part.digest == image.descriptor.digest) return image.bytes;
                return get_document(registry, by_digest(repository, part.digest), stop).bytes;
            });
        detail::CopyTally tally{image.descriptor, options.listener};
        const auto pull_one = [&](std::size_t i, const std::stop_token& stopped) {
            const oci::Descriptor& blob = parts.blobs[i];
            const bool is_here = blobs.find(blob.digest).has_value();
            if (!is_here) fetch_blob(registry, repository, blob, blobs, stopped);
            tally.add(blob, is_here ? BlobFate::Present : BlobFate::Copied);
        };
        detail::run_parallel(parts.blobs.size(), options.parallel, pull_one, stop);
        for (const Document& document : parts.documents)
            store_document(blobs, document);
        blobs.sync();
        return tally.report();
    });
}

}  // namespace nacre::registry
