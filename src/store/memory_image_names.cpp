#include "store/memory_image_names.hpp"

#include "base/error.hpp"
#include "base/text.hpp"
#include "oci/reference.hpp"

namespace nacre::store {

void require_repository(std::string_view repository) {
    if (!oci::is_repository(repository))
        throw Error{
            ErrorCode::InvalidArgument, nacre::quoted(repository) + " is no name of a repository"}
            .with_hint("lower-case letters, digits, single '.', '_' and '-', parts joined by '/'");
}

void require_image_tag(std::string_view image_tag) {
    if (!oci::is_image_tag(image_tag))
        throw Error{ErrorCode::InvalidArgument, nacre::quoted(image_tag) + " is no image tag"}
            .with_hint("up to 128 letters, digits, '_', '.' and '-', not starting with '.' or '-'");
}

void MemoryImageNames::add_manifest(std::string_view repository, const NamedManifest& manifest) {
    require_repository(repository);
    auto repositories = repositories_.lock();
    (*repositories)[std::string{repository}].media_types.insert_or_assign(
        manifest.digest, manifest.media_type);
}

std::optional<NamedManifest> MemoryImageNames::find_manifest(
    std::string_view repository, const oci::Digest& digest) const {
    require_repository(repository);
    auto repositories = repositories_.lock();
    const auto place = repositories->find(repository);
    if (place == repositories->end()) return std::nullopt;
    const auto found = place->second.media_types.find(digest);
    if (found == place->second.media_types.end()) return std::nullopt;
    return NamedManifest{digest, found->second};
}

bool MemoryImageNames::remove_manifest(std::string_view repository, const oci::Digest& digest) {
    require_repository(repository);
    auto repositories = repositories_.lock();
    const auto place = repositories->find(repository);
    if (place == repositories->end() || place->second.media_types.erase(digest) == 0) return false;
    std::erase_if(place->second.tags, [&](const auto& one) { return one.second == digest; });
    if (place->second.media_types.empty()) repositories->erase(place);
    return true;
}

void MemoryImageNames::set_tag(
    std::string_view repository, std::string_view image_tag, const oci::Digest& manifest) {
    require_repository(repository);
    require_image_tag(image_tag);
    auto repositories = repositories_.lock();
    const auto place = repositories->find(repository);
    if (place == repositories->end() || !place->second.media_types.contains(manifest))
        throw Error{
            ErrorCode::NotFound,
            "repository " + nacre::quoted(repository) + " has no manifest " + manifest.str()};
    place->second.tags.insert_or_assign(std::string{image_tag}, manifest);
}

std::optional<NamedManifest> MemoryImageNames::find_tag(
    std::string_view repository, std::string_view image_tag) const {
    require_repository(repository);
    require_image_tag(image_tag);
    auto repositories = repositories_.lock();
    const auto place = repositories->find(repository);
    if (place == repositories->end()) return std::nullopt;
    const auto found = place->second.tags.find(image_tag);
    if (found == place->second.tags.end()) return std::nullopt;
    return NamedManifest{found->second, place->second.media_types.at(found->second)};
}

bool MemoryImageNames::remove_tag(std::string_view repository, std::string_view image_tag) {
    require_repository(repository);
    require_image_tag(image_tag);
    auto repositories = repositories_.lock();
    const auto place = repositories->find(repository);
    return place != repositories->end() && place->second.tags.erase(std::string{image_tag}) > 0;
}

std::vector<std::string> MemoryImageNames::tags(std::string_view repository) const {
    require_repository(repository);
    std::vector<std::string> result;
    auto repositories = repositories_.lock();
    const auto place = repositories->find(repository);
    if (place == repositories->end()) return result;
    for (const auto& [name, digest] : place->second.tags)
        result.push_back(name);
    return result;
}

std::vector<NamedManifest> MemoryImageNames::manifests(std::string_view repository) const {
    require_repository(repository);
    std::vector<NamedManifest> result;
    auto repositories = repositories_.lock();
    const auto place = repositories->find(repository);
    if (place == repositories->end()) return result;
    for (const auto& [digest, media_type] : place->second.media_types)
        result.push_back({digest, media_type});
    return result;
}

std::vector<std::string> MemoryImageNames::repositories() const {
    std::vector<std::string> result;
    auto repositories = repositories_.lock();
    for (const auto& [name, content] : *repositories)
        result.push_back(name);
    return result;
}

}  // namespace nacre::store
