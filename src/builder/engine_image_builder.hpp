#pragma once

#include "archive/compression.hpp"
#include "base/clock.hpp"
#include "builder/image_builder.hpp"
#include "engine/build.hpp"

#include <string>

namespace nacre::builder {

/// Builds with our own engine, in this process.
class EngineImageBuilder final : public ImageBuilder {
public:
    struct Settings {
        archive::CompressionSettings compression;
        std::string container_prefix;
    };

    /// What the services refer to, and `clock`, outlive it.
    EngineImageBuilder(engine::BuildServices services, Settings settings, const Clock& clock)
        : services_{std::move(services)},
          settings_{std::move(settings)},
          clock_{clock} {}

    Recipe read(
        const source::Tree& tree,
        const oci::Platform& platform,
        const std::optional<oci::Digest>& parent) const override;
    BuiltImage build(const ImageOrder& order, ByteSink& log, std::stop_token stop) override;
    void sync() override;
    void write_archive(const oci::Descriptor& manifest, const std::string& reference, ByteSink& out)
        const override;

private:
    void resolve_parents(
        const oci::Platform& platform,
        const std::optional<oci::Digest>& parent,
        Recipe& recipe) const;
    std::vector<packages::InstalledPackage> list_packages(
        const std::vector<engine::Layer>& layers, engine::Progress& progress);

    engine::BuildServices services_;
    const Settings settings_;
    const Clock& clock_;
};

}  // namespace nacre::builder
