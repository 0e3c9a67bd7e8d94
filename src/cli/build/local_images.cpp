#include "cli/build/local_images.hpp"

#include "base/error.hpp"
#include "base/text.hpp"
#include "json/value.hpp"
#include "os/file.hpp"
#include "registry/pull.hpp"
#include "registry/repository.hpp"

#include <algorithm>

namespace nacre::cli::build {
namespace {

/// A registry's port has a colon, which names of repositories cannot have.
constexpr std::string_view kPortMark = "__";
constexpr std::size_t kOriginBytesMax = 4096;
constexpr std::string_view kShort = "docker.io/library/";

/// The repository in the store for a complete reference.
std::string place_of(const oci::Reference& complete) {
    std::string place =
        replace_all(to_lower(complete.registry), ":", kPortMark) + "/" + complete.repository;
    if (!oci::is_repository(place))
        throw Error{
            ErrorCode::InvalidArgument, "the name " + quoted(complete.str()) + " cannot be kept"};
    return place;
}

std::string registry_and_repository(const std::string& place) {
    const std::size_t slash = place.find('/');
    std::string text = replace_all(place.substr(0, slash), kPortMark, ":") + place.substr(slash);
    if (text.starts_with(kShort)) text.erase(0, kShort.size());
    return text;
}

}  // namespace

std::string full_name(const oci::Reference& reference) {
    oci::Reference complete = registry::complete(reference);
    complete.image_tag = complete.effective_tag();
    return complete.str();
}

Error LocalImages::not_found(const oci::Reference& reference) const {
    std::vector<std::string> names;
    for (const Named& named : list())
        names.push_back(named.reference);
    const auto near = nearest(reference.repository + ":" + reference.effective_tag(), names);
    return Error{
        ErrorCode::NotFound, "image " + quoted(reference.str()) + " is not in the local store"}
        .with_hint(near ? "did you mean '" + *near + "'?" : "'nacre images' lists what is there");
}

/// Nothing when it is not there, or is for another platform.
std::optional<engine::BaseImage> LocalImages::find_here(
    const oci::Reference& complete, const oci::Platform& platform) const {
    oci::Reference inside = complete;
    inside.repository = place_of(complete);
    inside.registry.clear();
    const bool known = inside.digest
                           ? names_.find_manifest(inside.repository, *inside.digest).has_value()
                           : names_.find_tag(inside.repository, inside.effective_tag()).has_value();
    if (!known) return std::nullopt;
    engine::BaseImage image = engine::StoreBaseImages{names_, blobs_, ""}.get(inside, platform);
    const std::string& architecture = image.config.platform.architecture;
    if (remote_ && !architecture.empty() && architecture != platform.architecture)
        return std::nullopt;
    return image;
}

engine::BaseImage LocalImages::get(
    const oci::Reference& reference, const oci::Platform& platform) const {
    if (const auto alias = aliases_.find(reference.str()); alias != aliases_.end()) {
        registry::ResolvedImage image = resolve(alias->second, platform);
        return {image.descriptor.digest, std::move(image.manifest), std::move(image.config)};
    }
    const oci::Reference complete = registry::complete(reference);
    if (policy_ != PullPolicy::Always || !remote_) {
        if (auto image = find_here(complete, platform)) {
            if (remote_) recall_origins(image->manifest);
            return *std::move(image);
        }
        if (policy_ == PullPolicy::Never || !remote_) throw not_found(reference);
    }
    try {
        return fetch(complete, platform);
    } catch (Error& error) {
        const std::string hint = not_found(reference).hint();
        if (error.hint().empty() && hint.starts_with("did you")) error.set_hint(hint);
        throw;
    }
}

/// Its documents are here then; its layers stay where they are.
registry::ResolvedImage LocalImages::resolve(
    const oci::Reference& complete, const oci::Platform& platform) const {
    registry::ResolvedImage image =
        registry::resolve_image(remote_->registry, complete, platform, remote_->stop);
    store::write_blob(blobs_, image.manifest_bytes);
    store::write_blob(blobs_, image.config_bytes);
    remember_origins(image.manifest, image.repository);
    return image;
}

engine::BaseImage LocalImages::fetch(
    const oci::Reference& complete, const oci::Platform& platform) const {
    registry::ResolvedImage image = resolve(complete, platform);
    // The name is durable, so its manifest has to be.
    blobs_.sync();
    const store::NamedManifest named{image.descriptor.digest, image.descriptor.media_type};
    const std::string place = place_of(complete);
    names_.add_manifest(place, named);
    if (!complete.digest) names_.set_tag(place, complete.effective_tag(), named.digest);
    return {image.descriptor.digest, std::move(image.manifest), std::move(image.config)};
}

void LocalImages::remember_origins(
    const oci::Manifest& manifest, const registry::Repository& repository) const {
    for (const oci::Descriptor& layer : manifest.layers)
        note_origin(layer, repository);
}

void LocalImages::note_origin(
    const oci::Descriptor& layer, const registry::Repository& repository) const {
    os::ensure_directory(remote_->folder);
    remote_->origins.add(layer, repository);
    json::Object origin;
    origin.set("registry", repository.registry);
    origin.set("repository", repository.name);
    os::write_file_atomically(
        remote_->folder / std::string{layer.digest.hex()},
        json::render(std::move(origin)),
        os::Durability::Buffered);
}

/// A layer without an origin was made here, or is missing: who opens it says so.
void LocalImages::recall_origins(const oci::Manifest& manifest) const {
    for (const oci::Descriptor& layer : manifest.layers) {
        const auto text =
            os::find_file(remote_->folder / std::string{layer.digest.hex()}, kOriginBytesMax);
        if (!text) continue;
        try {
            const json::Value value = json::parse(*text);
            const json::Reader origin{value, "origin"};
            remote_->origins.add(
                layer, {origin.get_string("registry"), origin.get_string("repository")});
        } catch (const Error&) {
            continue;
        }
    }
}

void LocalImages::name(const oci::Reference& reference, const store::NamedManifest& manifest) {
    const oci::Reference complete = registry::complete(reference);
    const std::string place = place_of(complete);
    const std::string image_tag = complete.effective_tag();
    if (names_.find_tag(place, image_tag) == manifest) return;
    names_.add_manifest(place, manifest);
    names_.set_tag(place, image_tag, manifest.digest);
}

bool LocalImages::forget(const oci::Reference& reference) {
    const oci::Reference complete = registry::complete(reference);
    return names_.remove_tag(place_of(complete), complete.effective_tag());
}

std::vector<LocalImages::Named> LocalImages::list() const {
    std::vector<Named> images;
    for (const std::string& place : names_.repositories())
        for (const std::string& image_tag : names_.tags(place))
            if (const auto manifest = names_.find_tag(place, image_tag))
                images.push_back({registry_and_repository(place) + ":" + image_tag, *manifest});
    std::ranges::sort(images, {}, &Named::reference);
    return images;
}

}  // namespace nacre::cli::build
