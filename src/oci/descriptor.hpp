#pragma once

#include "json/value.hpp"
#include "oci/digest.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace nacre::oci {

inline constexpr std::string_view kMediaTypeManifest = "application/vnd.oci.image.manifest.v1+json";
inline constexpr std::string_view kMediaTypeIndex = "application/vnd.oci.image.index.v1+json";
inline constexpr std::string_view kMediaTypeConfig = "application/vnd.oci.image.config.v1+json";
inline constexpr std::string_view kMediaTypeLayer = "application/vnd.oci.image.layer.v1.tar";
inline constexpr std::string_view kMediaTypeLayerGzip =
    "application/vnd.oci.image.layer.v1.tar+gzip";
inline constexpr std::string_view kMediaTypeLayerZstd =
    "application/vnd.oci.image.layer.v1.tar+zstd";
inline constexpr std::string_view kDockerManifest =
    "application/vnd.docker.distribution.manifest.v2+json";
inline constexpr std::string_view kDockerIndex =
    "application/vnd.docker.distribution.manifest.list.v2+json";
inline constexpr std::string_view kDockerConfig = "application/vnd.docker.container.image.v1+json";
inline constexpr std::string_view kDockerLayerGzip =
    "application/vnd.docker.image.rootfs.diff.tar.gzip";

/// "linux/arm64/v8". `os` and `architecture` are Go's names (amd64, arm64, ppc64le, s390x).
struct Platform {
    std::string os = "linux";
    std::string architecture;
    std::string variant;

    /// Accepts "os/arch[/variant]" and a lone architecture; throws Error{InvalidArgument}.
    static Platform parse(std::string_view text);
    /// Of the machine this program runs on.
    static Platform host();
    std::string str() const;

    bool operator==(const Platform&) const = default;
};

using Annotations = std::vector<std::pair<std::string, std::string>>;

/// image-spec, descriptor.md.
struct Descriptor {
    std::string media_type;
    Digest digest;
    std::uint64_t size = 0;
    Annotations annotations;
    std::optional<Platform> platform;

    bool operator==(const Descriptor&) const = default;
};

/// Throws Error{InvalidArgument}; `path` is how messages name the value.
Descriptor parse_descriptor(const json::Value& value, const std::string& path);
json::Value render(const Descriptor& descriptor);

}  // namespace nacre::oci
