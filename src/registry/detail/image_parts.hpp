#pragma once

#include "oci/descriptor.hpp"
#include "registry/registry.hpp"

#include <functional>
#include <vector>

namespace nacre::registry::detail {

/// What a manifest (layers, then the configuration) or an index names. Throws Error{DataCorrupt}.
std::vector<oci::Descriptor> parts_of(const Document& document);

/// All that an image or an index consists of.
struct ImageParts {
    std::vector<Document> documents;     ///< parts before wholes: the image itself is the last one
    std::vector<oci::Descriptor> blobs;  ///< configurations and layers, each once
};

/// `read` gives the bytes of a manifest or an index by its descriptor. Layers that are fetched from elsewhere ("foreign") are left
/// out. Throws Error{DataCorrupt} for indexes that are nested too deep and Error{ResourceExhausted} for too many parts.
ImageParts collect_parts(
    const oci::Descriptor& image, const std::function<std::string(const oci::Descriptor&)>& read);

}  // namespace nacre::registry::detail
