#pragma once

#include "oci/digest.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace nacre::store {

/// What a repository knows of one manifest: enough to serve it.
struct NamedManifest {
    oci::Digest digest;
    std::string media_type;

    bool operator==(const NamedManifest&) const = default;
};

/// Names of images: which manifests a repository has, and which one each of its tags means. The bytes are
/// in the BlobStore. Thread-safe, and safe between processes; every change is durable when it returns.
/// `repository` satisfies oci::is_repository, `image_tag` oci::is_image_tag; others throw Error{InvalidArgument}.
/// Every implementation passes tests/contract/image_names_contract.cpp.
class ImageNames {
public:
    virtual ~ImageNames() = default;

    /// Makes the manifest part of the repository; no error when it is already.
    virtual void add_manifest(std::string_view repository, const NamedManifest& manifest) = 0;
    virtual std::optional<NamedManifest> find_manifest(
        std::string_view repository, const oci::Digest& digest) const = 0;
    /// Forgets the manifest and the tags that mean it; false when it was not there.
    virtual bool remove_manifest(std::string_view repository, const oci::Digest& digest) = 0;

    /// Moves or creates the tag in one step. Throws Error{NotFound} when the repository does not have the manifest.
    virtual void set_tag(
        std::string_view repository, std::string_view image_tag, const oci::Digest& manifest) = 0;
    virtual std::optional<NamedManifest> find_tag(
        std::string_view repository, std::string_view image_tag) const = 0;
    virtual bool remove_tag(std::string_view repository, std::string_view image_tag) = 0;

    /// Sorted.
    virtual std::vector<std::string> tags(std::string_view repository) const = 0;
    virtual std::vector<NamedManifest> manifests(std::string_view repository) const = 0;
    virtual std::vector<std::string> repositories() const = 0;
};

}  // namespace nacre::store
