#include "publish/registry_publisher.hpp"

#include "base/error.hpp"
#include "base/text.hpp"
#include "oci/manifest.hpp"
#include "publish/publication_path.hpp"
#include "registry/push.hpp"
#include "store/memory_blob_store.hpp"

namespace nacre::publish {
namespace {

/// Tags cannot have all the characters that versions have.
std::string as_tag(std::string text) {
    for (char& c : text)
        if (c == '+' || c == '~' || c == '^') c = '_';
    return text;
}

std::string fill_in(std::string text, const Publication& publication) {
    text = replace_all(text, "{name}", publication.name);
    text = replace_all(text, "{version}", publication.version);
    text = replace_all(text, "{release}", publication.release);
    text = replace_all(text, "{architecture}", publication.architecture);
    text = replace_all(text, "{destination}", publication.destination);
    return as_tag(std::move(text));
}

void check_tag(const std::string& name) {
    if (!oci::is_image_tag(name))
        throw Error{
            ErrorCode::InvalidArgument,
            quoted(name)
                + " cannot be a tag of an image: it needs 1 to 128 letters, digits and . _ -"}
            .with_hint("fields are {name}, {version}, {release}, {architecture}, {destination}");
}

const Publication& example() {
    static const Publication kExample{
        .destination = "f",
        .name = "n",
        .version = "1",
        .release = "1",
        .architecture = "a",
        .manifest =
            {.media_type = "", .digest = oci::Digest::parse("sha256:" + std::string(64, '0'))},
        .reference = ""};
    return kExample;
}

}  // namespace

RegistryPublisher::RegistryPublisher(
    RegistryDestination destination,
    registry::Registry& registry,
    const store::BlobStore& blobs,
    std::stop_token stop)
    : destination_{std::move(destination)},
      registry_{registry},
      blobs_{blobs},
      stop_{std::move(stop)} {
    reference_for(example());
    for (const std::string& floating : destination_.floating_tags)
        check_tag(fill_in(floating, example()));
}

oci::Reference RegistryPublisher::reference_for(const Publication& publication) const {
    path_of(publication);
    const std::string& prefix = destination_.prefix;
    const std::string text =
        destination_.registry + "/" + (prefix.empty() ? "" : prefix + "/")
        + to_lower(publication.name) + ":"
        + as_tag(publication.version + "-" + publication.release + "." + publication.architecture);
    return registry::complete(oci::Reference::parse(text));
}

/// What a tag means for the moment in which it is taken away: registries forget manifests, not tags, and the image may have others.
registry::Document RegistryPublisher::write_tombstone(const registry::Repository& repository) {
    store::MemoryBlobStore scratch;
    const std::string nothing = "{}";
    const oci::Descriptor config{
        .media_type = std::string{oci::kMediaTypeConfig},
        .digest = store::write_blob(scratch, nothing),
        .size = nothing.size()};
    const oci::Manifest manifest{
        .media_type = std::string{oci::kMediaTypeManifest},
        .config = config,
        .layers = {},
        .annotations = {
            {"org.opencontainers.image.description", "a tag that is being taken away"}}};
    const std::string bytes = oci::render(manifest);
    if (!registry_.find_blob(repository, config.digest, stop_))
        registry_.upload_blob(repository, config, scratch, stop_);
    return {
        .descriptor =
            {.media_type = manifest.media_type,
             .digest = store::write_blob(scratch, bytes),
             .size = bytes.size()},
        .bytes = bytes};
}

Receipt RegistryPublisher::publish(const Publication& publication) {
    const oci::Reference reference = reference_for(publication);
    registry::PushOptions options;
    for (const std::string& floating : destination_.floating_tags) {
        options.tags.push_back(fill_in(floating, publication));
        check_tag(options.tags.back());
    }
    const auto known = registry_.find_manifest_descriptor(reference, stop_);
    if (known && known->digest != publication.manifest.digest) {
        const auto tombstone = write_tombstone(registry::repository_of(reference));
        if (known->digest != tombstone.descriptor.digest)
            throw Error{
                ErrorCode::Conflict,
                "'" + reference.str() + "' is another image already, " + known->digest.str()};
    }
    // An image that is there is pushed again too: what is missing, say its other tags, is added.
    registry::push_image(registry_, blobs_, publication.manifest, reference, options, stop_);
    return {
        .location = reference.str() + "@" + publication.manifest.digest.str(),
        .sha256 = std::string{publication.manifest.digest.hex()},
        .size = publication.manifest.size};
}

bool RegistryPublisher::retract(const Publication& publication) {
    const oci::Reference reference = reference_for(publication);
    if (!registry_.find_manifest_descriptor(reference, stop_)) return false;
    const registry::Repository repository = registry::repository_of(reference);
    const registry::Document tombstone = write_tombstone(repository);
    registry_.put_manifest(repository, reference.image_tag, tombstone, stop_);
    return registry_.remove_manifest(repository, tombstone.descriptor.digest, stop_);
}

}  // namespace nacre::publish
