#pragma once

#include "engine/base_images.hpp"
#include "registry/origins.hpp"
#include "registry/registry.hpp"

#include <stop_token>
#include <string>

namespace nacre::engine {

/// The images of all registries. Only manifest and configuration are fetched; the build's BlobStore, a registry::FetchingBlobStore over the
/// same origins, fetches a layer when it is opened.
class RegistryBaseImages final : public BaseImages {
public:
    /// `registry` and `origins` outlive it. `default_registry` is meant by references that name none.
    RegistryBaseImages(
        registry::Registry& registry,
        registry::Origins& origins,
        std::string default_registry,
        std::stop_token stop)
        : registry_{registry},
          origins_{origins},
          default_registry_{std::move(default_registry)},
          stop_{std::move(stop)} {}

    BaseImage get(const oci::Reference& reference, const oci::Platform& platform) const override;

private:
    registry::Registry& registry_;
    registry::Origins& origins_;
    const std::string default_registry_;
    const std::stop_token stop_;
};

/// One after the other: those that are not here are looked for elsewhere.
class FirstBaseImages final : public BaseImages {
public:
    /// Both outlive it.
    FirstBaseImages(const BaseImages& first, const BaseImages& second)
        : first_{first},
          second_{second} {}

    /// Only Error{NotFound} of the first leads to the second.
    BaseImage get(const oci::Reference& reference, const oci::Platform& platform) const override;

private:
    const BaseImages& first_;
    const BaseImages& second_;
};

}  // namespace nacre::engine
