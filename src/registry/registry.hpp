#pragma once

#include "base/bytes.hpp"
#include "oci/descriptor.hpp"
#include "oci/digest.hpp"
#include "oci/reference.hpp"
#include "registry/repository.hpp"
#include "store/blob_store.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

namespace nacre::registry {

/// distribution-spec: what every registry takes as a manifest.
inline constexpr std::size_t kManifestBytesMax = 4U << 20U;

/// A manifest or an index as it came: the digest is of these bytes, so they are never rendered again.
struct Document {
    oci::Descriptor descriptor;
    std::string bytes;
};

/// The registries of the world, as a client sees them (distribution-spec 1.1). Thread-safe. References and repositories are complete
/// ones (complete()). Every member throws Error that names what was asked for: Unauthenticated, PermissionDenied, Unavailable when
/// the registry cannot be reached or stays busy, DataCorrupt when it sends something else than was asked for; and Cancelled.
/// Every implementation passes tests/contract/registry_contract.cpp.
class Registry {
public:
    virtual ~Registry() = default;

    /// By digest when the reference has one, else by tag. Nothing when the registry does not have it. The bytes have the digest that
    /// was asked for or announced, and a media type of a manifest or an index.
    virtual std::optional<Document> find_manifest(
        const oci::Reference& reference, std::stop_token stop) = 0;

    /// The same without the bytes.
    virtual std::optional<oci::Descriptor> find_manifest_descriptor(
        const oci::Reference& reference, std::stop_token stop) = 0;

    /// The size of a blob, or nothing when the repository does not have it.
    virtual std::optional<std::uint64_t> find_blob(
        const Repository& repository, const oci::Digest& digest, std::stop_token stop) = 0;

    /// The bytes of a blob. A connection that breaks is opened again where it broke. The source ends, by giving 0, only after all bytes
    /// with the digest and the size of the descriptor; else it throws Error{DataCorrupt}. Throws Error{NotFound}. The registry
    /// outlives the source.
    virtual std::unique_ptr<ByteSource> open_blob(
        const Repository& repository, const oci::Descriptor& blob, std::stop_token stop) = 0;

    /// Makes a blob of repository `from` one of `to` too, without moving bytes. False when the registry does not do so; both are
    /// of the same registry, else throws Error{InvalidArgument}.
    virtual bool try_mount(
        const Repository& to,
        const Repository& from,
        const oci::Digest& digest,
        std::stop_token stop) = 0;

    /// Uploads a blob of the store. It is read again from where a connection broke.
    virtual void upload_blob(
        const Repository& repository,
        const oci::Descriptor& blob,
        const store::BlobStore& blobs,
        std::stop_token stop) = 0;

    /// Puts a manifest or an index, all parts of which the repository has, under `image_tag`, or under its digest alone when that
    /// is empty.
    virtual void put_manifest(
        const Repository& repository,
        const std::string& image_tag,
        const Document& document,
        std::stop_token stop) = 0;

    /// Forgets a manifest and its tags; false when it is not there. Throws Error{Unsupported} where the registry does not allow it.
    virtual bool remove_manifest(
        const Repository& repository, const oci::Digest& digest, std::stop_token stop) = 0;

    /// In the registry's order; empty for a repository that does not exist.
    virtual std::vector<std::string> tags(const Repository& repository, std::stop_token stop) = 0;
};

}  // namespace nacre::registry
