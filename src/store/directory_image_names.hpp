#pragma once

#include "store/image_names.hpp"

#include <filesystem>

namespace nacre::store {

/// Files `<root>/<repository>/_manifests/<algorithm>/<hex>`, whose content is the media type, and
/// `<root>/<repository>/_tags/<tag>`, whose content is a digest. They are replaced in one step and synced.
/// Changes of one repository exclude each other, between processes too, by a lock on `<repository>/_lock`.
class DirectoryImageNames final : public ImageNames {
public:
    /// Creates `root` when it does not exist.
    explicit DirectoryImageNames(std::filesystem::path root);

    void add_manifest(std::string_view repository, const NamedManifest& manifest) override;
    std::optional<NamedManifest> find_manifest(
        std::string_view repository, const oci::Digest& digest) const override;
    bool remove_manifest(std::string_view repository, const oci::Digest& digest) override;
    void set_tag(
        std::string_view repository,
        std::string_view image_tag,
        const oci::Digest& manifest) override;
    std::optional<NamedManifest> find_tag(
        std::string_view repository, std::string_view image_tag) const override;
    bool remove_tag(std::string_view repository, std::string_view image_tag) override;
    std::vector<std::string> tags(std::string_view repository) const override;
    std::vector<NamedManifest> manifests(std::string_view repository) const override;
    std::vector<std::string> repositories() const override;

private:
    std::filesystem::path folder_of(std::string_view repository) const;

    const std::filesystem::path root_;
};

}  // namespace nacre::store
