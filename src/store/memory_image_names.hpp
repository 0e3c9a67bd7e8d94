#pragma once

#include "base/guarded.hpp"
#include "store/image_names.hpp"

#include <functional>
#include <map>

namespace nacre::store {

/// Keeps the names in memory: for tests.
class MemoryImageNames final : public ImageNames {
public:
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
    struct Repository {
        std::map<oci::Digest, std::string> media_types;
        std::map<std::string, oci::Digest, std::less<>> tags;
    };

    using Repositories = std::map<std::string, Repository, std::less<>>;

    mutable Guarded<Repositories> repositories_;
};

/// Throw Error{InvalidArgument} that quotes the name: what every ImageNames checks first.
void require_repository(std::string_view repository);
void require_image_tag(std::string_view image_tag);

}  // namespace nacre::store
