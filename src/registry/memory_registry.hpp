#pragma once

#include "base/guarded.hpp"
#include "registry/registry.hpp"

#include <map>
#include <optional>
#include <set>

namespace nacre::registry {

/// Any number of registries in memory: for tests. A repository exists once something was put into it.
class MemoryRegistry final : public Registry {
public:
    std::optional<Document> find_manifest(
        const oci::Reference& reference, std::stop_token stop) override;
    std::optional<oci::Descriptor> find_manifest_descriptor(
        const oci::Reference& reference, std::stop_token stop) override;
    std::optional<std::uint64_t> find_blob(
        const Repository& repository, const oci::Digest& digest, std::stop_token stop) override;
    std::unique_ptr<ByteSource> open_blob(
        const Repository& repository, const oci::Descriptor& blob, std::stop_token stop) override;
    bool try_mount(
        const Repository& to,
        const Repository& from,
        const oci::Digest& digest,
        std::stop_token stop) override;
    void upload_blob(
        const Repository& repository,
        const oci::Descriptor& blob,
        const store::BlobStore& blobs,
        std::stop_token stop) override;
    void put_manifest(
        const Repository& repository,
        const std::string& image_tag,
        const Document& document,
        std::stop_token stop) override;
    bool remove_manifest(
        const Repository& repository, const oci::Digest& digest, std::stop_token stop) override;
    std::vector<std::string> tags(const Repository& repository, std::stop_token stop) override;

    /// Blobs that were opened so far, in order.
    std::vector<oci::Digest> opened() const;

private:
    struct Content {
        std::map<oci::Digest, std::string> blobs;
        std::map<oci::Digest, Document> manifests;
        std::map<std::string, oci::Digest> tags;
    };

    struct Contents {
        std::map<Repository, Content> repositories;
        std::vector<oci::Digest> opened;
    };

    mutable Guarded<Contents> contents_;
};

}  // namespace nacre::registry
