#include "engine/registry_base_images.hpp"

#include "registry/pull.hpp"

#include <optional>
#include <utility>

namespace nacre::engine {
namespace {

std::optional<BaseImage> find(
    const BaseImages& images, const oci::Reference& reference, const oci::Platform& platform) {
    try {
        return images.get(reference, platform);
    } catch (const Error& error) {
        if (error.code() == ErrorCode::NotFound) return std::nullopt;
        throw;
    }
}

}  // namespace

BaseImage RegistryBaseImages::get(
    const oci::Reference& reference, const oci::Platform& platform) const {
    registry::ResolvedImage image = registry::resolve_image(
        registry_, registry::complete(reference, default_registry_), platform, stop_);
    origins_.add(image.manifest.config, image.repository);
    for (const oci::Descriptor& layer : image.manifest.layers)
        origins_.add(layer, image.repository);
    return {
        .digest = image.descriptor.digest,
        .manifest = std::move(image.manifest),
        .config = std::move(image.config)};
}

BaseImage FirstBaseImages::get(
    const oci::Reference& reference, const oci::Platform& platform) const {
    if (auto image = find(first_, reference, platform)) return std::move(*image);
    return second_.get(reference, platform);
}

}  // namespace nacre::engine
