#include "cli/build/shared_cache.hpp"

#include "base/error.hpp"
#include "base/text.hpp"
#include "engine/build.hpp"
#include "registry/oci_layout_registry.hpp"
#include "registry/pull.hpp"
#include "registry/push.hpp"

#include <utility>

namespace nacre::cli::build {
namespace {

constexpr std::string_view kBuildKitCache = "application/vnd.buildkit.cacheconfig.v0";

oci::Reference layout_reference(const std::filesystem::path& folder, const std::string& image_tag) {
    const registry::Repository repository = registry::layout_repository(folder);
    return {
        .registry = repository.registry,
        .repository = repository.name,
        .image_tag = image_tag,
        .digest = std::nullopt};
}

oci::Reference reference_of(const CacheSource& source, const std::filesystem::path& folder) {
    if (source.kind == CacheSource::Kind::Registry)
        return registry::complete(oci::Reference::parse(source.place));
    oci::Reference reference = layout_reference(folder / source.place, source.image_tag);
    reference.digest = source.digest;
    return reference;
}

engine::StepRecords steps_in_image(const registry::ResolvedImage& image) {
    for (const auto& [name, value] : image.manifest.annotations)
        if (name == engine::kStepsAnnotation)
            return engine::parse_inline_steps(
                value, engine::layers_of({image.descriptor.digest, image.manifest, image.config}));
    throw Error{ErrorCode::NotFound, "the image tells of no steps"}.with_hint(
        "--cache-to type=inline makes an image that does");
}

}  // namespace

engine::StepRecords ImportedSteps::read(const oci::Reference& reference) const {
    const auto document = services_.registry.find_manifest(reference, services_.stop);
    if (!document) throw Error{ErrorCode::NotFound, "there is no " + quoted(reference.str())};
    const std::string& media_type = document->descriptor.media_type;
    if (oci::is_manifest(media_type)) {
        const oci::Manifest manifest = oci::parse_manifest(document->bytes, media_type);
        const oci::Descriptor& config = manifest.config;
        if (config.media_type == kBuildKitCache)
            throw Error{ErrorCode::Unsupported, "it is a cache that only BuildKit reads"};
        if (config.media_type == engine::kMediaTypeSteps) {
            if (config.size > engine::kStepsBytesMax)
                throw Error{
                    ErrorCode::ResourceExhausted,
                    "its list of steps has " + std::to_string(config.size) + " bytes, the limit is "
                        + std::to_string(engine::kStepsBytesMax)};
            registry::fetch_blob(
                services_.registry,
                registry::repository_of(reference),
                config,
                services_.blobs,
                services_.stop);
            return engine::parse_steps(
                store::read_blob(services_.blobs, config.digest, engine::kStepsBytesMax));
        }
    }
    return steps_in_image(
        registry::resolve_image(services_.registry, reference, services_.platform, services_.stop));
}

std::size_t ImportedSteps::add(const CacheSource& source) {
    const oci::Reference reference = reference_of(source, services_.folder);
    const engine::StepRecords found = read(reference);
    for (const auto& [key, record] : found) {
        steps_.emplace(key, record);
        if (record.layer)
            homes_[record.layer->blob.digest].push_back(registry::repository_of(reference));
    }
    return found.size();
}

bool ImportedSteps::accept(const engine::StepRecord& record) const {
    if (!record.layer) return true;
    const oci::Descriptor& blob = record.layer->blob;
    if (services_.blobs.find(blob.digest)) return true;
    const auto homes = homes_.find(blob.digest);
    if (homes == homes_.end()) return false;
    for (const registry::Repository& home : homes->second) {
        if (services_.registry.find_blob(home, blob.digest, services_.stop) != blob.size) continue;
        services_.images.note_origin(blob, home);
        return true;
    }
    return false;
}

void export_steps(
    const CacheTarget& target, const engine::StepRecords& steps, const CacheServices& services) {
    const oci::Reference destination =
        target.kind == CacheTarget::Kind::Local
            ? layout_reference(services.folder / target.place, target.image_tag)
            : oci::Reference::parse(target.place);
    registry::push_image(
        services.registry,
        services.blobs,
        engine::write_steps(services.blobs, steps),
        destination,
        {.origins = &services.origins},
        services.stop);
}

}  // namespace nacre::cli::build
