#pragma once

#include "cli/build/pull_policy.hpp"
#include "engine/base_images.hpp"
#include "registry/origins.hpp"
#include "registry/pull.hpp"
#include "registry/registry.hpp"
#include "store/image_names.hpp"

#include <cstdint>
#include <filesystem>
#include <map>
#include <stop_token>
#include <string>
#include <vector>

namespace nacre::cli::build {

/// The images that `nacre build -t` named, under docker's rules for short names: "app" is "docker.io/library/app:latest"; and those of
/// registries, which get their names here when a build is FROM them. Of those, layers stay where they are until somebody opens them:
/// files `<origins>/<hex>` say where that is, also to later builds.
class LocalImages final : public engine::BaseImages {
public:
    /// Where images come from that the store does not have.
    struct Remote {
        registry::Registry& registry;
        registry::Origins& origins;
        std::filesystem::path folder;  ///< of the files that remember origins
        std::stop_token stop;
    };

    /// All references outlive it.
    LocalImages(store::ImageNames& names, store::BlobStore& blobs) noexcept
        : names_{names},
          blobs_{blobs} {}

    LocalImages(store::ImageNames& names, store::BlobStore& blobs, Remote remote) noexcept
        : names_{names},
          blobs_{blobs},
          remote_{std::move(remote)} {}

    /// What `alias` means in this build only: an image that has no name here. To be called before a build; needs a Remote.
    void add_alias(const std::string& alias, oci::Reference meant) {
        aliases_.insert_or_assign(alias, std::move(meant));
    }

    /// To be called before a build.
    void set_policy(PullPolicy policy) noexcept { policy_ = policy; }

    engine::BaseImage get(
        const oci::Reference& reference, const oci::Platform& platform) const override;

    /// A layer that another machine made: it stays there until somebody opens it. For threads. Needs a Remote.
    void note_origin(const oci::Descriptor& layer, const registry::Repository& repository) const;

    /// Durable when it returns. Writes nothing when the name means the image already.
    void name(const oci::Reference& reference, const store::NamedManifest& manifest);
    /// False when there was no such name.
    bool forget(const oci::Reference& reference);

    struct Named {
        std::string reference;  ///< as people write it
        store::NamedManifest manifest;
    };

    /// In order of their names.
    std::vector<Named> list() const;

private:
    std::optional<engine::BaseImage> find_here(
        const oci::Reference& complete, const oci::Platform& platform) const;
    registry::ResolvedImage resolve(
        const oci::Reference& complete, const oci::Platform& platform) const;
    engine::BaseImage fetch(const oci::Reference& complete, const oci::Platform& platform) const;
    void remember_origins(
        const oci::Manifest& manifest, const registry::Repository& repository) const;
    void recall_origins(const oci::Manifest& manifest) const;
    Error not_found(const oci::Reference& reference) const;

    store::ImageNames& names_;
    store::BlobStore& blobs_;
    const std::optional<Remote> remote_;
    PullPolicy policy_ = PullPolicy::Missing;
    std::map<std::string, oci::Reference> aliases_;
};

/// How messages and `image.name` have it: "docker.io/library/app:latest".
std::string full_name(const oci::Reference& reference);

}  // namespace nacre::cli::build
