#pragma once

#include "publish/publisher.hpp"

#include <filesystem>
#include <string>

namespace nacre::publish {

/// Where a publication goes in a mirror tree, as Fedora's mirrors have it.
struct PublicationPath {
    std::filesystem::path folder;  ///< "<destination>/Container/<arch>/images"
    std::string archive;           ///< "<N>-<V>-<R>.<arch>.oci.tar"
    std::string checksum;          ///< "<N>-<V>-<R>-<arch>-CHECKSUM"
};

/// Throws Error{InvalidArgument} that says which field cannot be a part of a path, or of a name-version-release.
PublicationPath path_of(const Publication& publication);

}  // namespace nacre::publish
