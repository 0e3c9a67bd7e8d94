#pragma once

#include "oci/manifest.hpp"
#include "registry/registry.hpp"

#include <filesystem>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

namespace nacre::registry {

/// The registry of repositories that are OCI image layouts in folders of this machine: "oci-layout://srv/cache" is the folder /srv/cache.
inline constexpr std::string_view kLayoutRegistry = "oci-layout:/";

/// The repository of a layout in `folder`, an absolute path.
Repository layout_repository(const std::filesystem::path& folder);

/// OCI image layouts (image-spec, image-layout.md) as repositories of kLayoutRegistry; what belongs to other registries goes to `next`. A
/// layout is created by the first blob that is put into it. Whatever ends the process, what has its name is whole: files get their names when they
/// are complete, and index.json comes last. Safe between processes that write one layout with this class. A reference without tag and digest means
/// "latest", or else the only image that there is.
class OciLayoutRegistry final : public Registry {
public:
    /// `next` outlives it. Paths of layouts are below `root`.
    explicit OciLayoutRegistry(Registry& next, std::filesystem::path root = "/")
        : next_{next},
          root_{std::move(root)} {}

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

private:
    std::filesystem::path folder_of(const Repository& repository) const;

    Registry& next_;
    const std::filesystem::path root_;
};

}  // namespace nacre::registry
