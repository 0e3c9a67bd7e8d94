#pragma once

#include "base/error.hpp"
#include "oci/config.hpp"
#include "oci/manifest.hpp"
#include "oci/reference.hpp"
#include "store/blob_store.hpp"
#include "store/image_names.hpp"

#include <string>

namespace nacre::engine {

/// An image to build on, whose blobs are in the build's BlobStore.
struct BaseImage {
    oci::Digest digest;  ///< of the manifest, for one platform
    oci::Manifest manifest;
    oci::ImageConfig config;
};

/// Finds the images that FROM and COPY --from name. Thread-safe.
class BaseImages {
public:
    virtual ~BaseImages() = default;

    /// By digest when the reference has one, else by tag ("latest" without one); an index is resolved for the platform.
    /// Throws Error{NotFound} that names the reference, where it was looked for and what is like it.
    virtual BaseImage get(const oci::Reference& reference, const oci::Platform& platform) const = 0;
};

/// The images of the service's own registry. The registry part of a reference must be empty or one of the names that the
/// service is known by.
class StoreBaseImages final : public BaseImages {
public:
    /// The stores outlive it. `registry` is the service's own "host:port"; may be empty.
    StoreBaseImages(
        const store::ImageNames& names, const store::BlobStore& blobs, std::string registry)
        : names_{names},
          blobs_{blobs},
          registry_{std::move(registry)} {}

    BaseImage get(const oci::Reference& reference, const oci::Platform& platform) const override;

private:
    store::NamedManifest find_named(const oci::Reference& reference) const;
    Error not_found(const oci::Reference& reference) const;

    const store::ImageNames& names_;
    const store::BlobStore& blobs_;
    const std::string registry_;
};

}  // namespace nacre::engine
