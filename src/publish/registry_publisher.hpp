#pragma once

#include "publish/publisher.hpp"
#include "registry/registry.hpp"
#include "store/blob_store.hpp"

#include <stop_token>
#include <string>
#include <vector>

namespace nacre::publish {

/// Where images go in a registry.
struct RegistryDestination {
    std::string registry;  ///< "registry.example.org:5000"
    std::string prefix;    ///< of repositories: "team" makes "team/httpd"; may be empty
    /// Further tags, which move to whatever was published last: "{version}-{release}", "latest". In braces: name, version, release,
    /// architecture, destination.
    std::vector<std::string> floating_tags;
};

/// Copies images to a registry: the image of a build is "<prefix>/<name>:<version>-<release>.<architecture>", with '_' for what tags cannot
/// have. That tag is never moved to another image. The receipt's location is that reference with the digest.
class RegistryPublisher final : public Publisher {
public:
    /// `registry` and `blobs` outlive it. Throws Error{InvalidArgument} for a destination or a tag that cannot be one.
    RegistryPublisher(
        RegistryDestination destination,
        registry::Registry& registry,
        const store::BlobStore& blobs,
        std::stop_token stop);

    Receipt publish(const Publication& publication) override;

    /// Takes the unique tag away. Other tags of the image stay; its blobs are the registry's to collect.
    bool retract(const Publication& publication) override;

private:
    oci::Reference reference_for(const Publication& publication) const;
    registry::Document write_tombstone(const registry::Repository& repository);

    const RegistryDestination destination_;
    registry::Registry& registry_;
    const store::BlobStore& blobs_;
    const std::stop_token stop_;
};

}  // namespace nacre::publish
