#pragma once

#include "oci/descriptor.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace nacre::oci {

/// An image manifest (image-spec, manifest.md; Docker's schema 2 has the same shape).
struct Manifest {
    std::string media_type;
    Descriptor config;
    std::vector<Descriptor> layers;
    Annotations annotations;
};

/// An image index (image-spec, image-index.md), or Docker's manifest list.
struct Index {
    std::string media_type;
    std::vector<Descriptor> manifests;
    Annotations annotations;
};

/// Throw Error{DataCorrupt} for bytes of another shape. A manifest with `manifests` or an index with
/// `layers` is refused (CVE-2021-41190), and so is a `mediaType` that contradicts `media_type`.
/// The digest of a manifest is the digest of the bytes it came in: keep them, never render it again.
Manifest parse_manifest(std::string_view bytes, std::string_view media_type);
Index parse_index(std::string_view bytes, std::string_view media_type);

/// Canonical bytes for a manifest of our own.
std::string render(const Manifest& manifest);
std::string render(const Index& index);

/// The manifest that suits a platform best: the same variant, else the nearest lower one, else (when `platform` names none) the lowest.
/// Throws Error{NotFound} that says which platforms there are.
Descriptor choose_for(const Index& index, const Platform& platform);

bool is_index(std::string_view media_type) noexcept;
bool is_manifest(std::string_view media_type) noexcept;

}  // namespace nacre::oci
