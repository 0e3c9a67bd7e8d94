#pragma once

#include "base/bytes.hpp"
#include "base/diagnostic.hpp"
#include "builder/image_identity.hpp"
#include "builder/metadata.hpp"
#include "dockerfile/syntax.hpp"
#include "oci/descriptor.hpp"
#include "source/tree.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

namespace nacre::builder {

/// What a Dockerfile says before anything is built.
struct Recipe {
    dockerfile::Dockerfile dockerfile;  ///< to be used only without errors
    Diagnostics diagnostics;            ///< errors end the build, warnings go to the log
    std::vector<ParentImage>
        parents;    ///< every FROM of an image, in order, pinned where it could be resolved
    Labels labels;  ///< of the final stage, variables expanded, those of the base included last
};

enum class Network : std::uint8_t { Closed, Open };

/// Reference text of a FROM to the digest that is to be used.
using Pins = std::map<std::string, oci::Digest>;

struct ImageOrder {
    const source::Tree& context;
    const Recipe& recipe;
    oci::Platform platform;
    Pins pins;
    Labels labels;  ///< to add to those of the Dockerfile
    Labels env;     ///< variables that the final stage begins with
    Network network = Network::Closed;
    bool trusted = true;  ///< false: the result must never feed an official build's cache
    std::int64_t source_date_epoch = 0;
};

struct BuiltImage {
    oci::Descriptor manifest;
    oci::Digest config_digest;
    json::Value config;
    std::vector<LayerSize> layers;
    std::vector<packages::InstalledPackage> components;
};

/// Reads and builds Dockerfiles. Images and blobs stay in the store that the implementation was given.
class ImageBuilder {
public:
    virtual ~ImageBuilder() = default;

    /// Parses "Dockerfile" of the tree and resolves its FROMs; `parent` is used for the FROM of the final stage instead of
    /// what that resolves to. Problems of the text and references that cannot be resolved are diagnostics. Throws
    /// koji::Fault{BuildError} when there is no Dockerfile.
    virtual Recipe read(
        const source::Tree& tree,
        const oci::Platform& platform,
        const std::optional<oci::Digest>& parent) const = 0;

    /// Builds; the log of the steps goes to `log` as it comes. Throws Error for a step that fails: its text begins with the
    /// place in the Dockerfile and ends with the last lines of output.
    virtual BuiltImage build(const ImageOrder& order, ByteSink& log, std::stop_token stop) = 0;

    /// Makes all that was built survive a power cut: before names are given.
    virtual void sync() = 0;

    /// Writes the image as an OCI archive.
    virtual void write_archive(
        const oci::Descriptor& manifest, const std::string& reference, ByteSink& out) const = 0;
};

}  // namespace nacre::builder
