#include "registry/memory_registry.hpp"

#include "archive/digester.hpp"
#include "base/error.hpp"
#include "base/streams.hpp"
#include "registry/detail/image_parts.hpp"

namespace nacre::registry {
namespace {

void check_stop(const std::stop_token& stop) {
    if (stop.stop_requested()) throw Cancelled{};
}

Error no_blob(const Repository& repository, const oci::Digest& digest) {
    return Error{ErrorCode::NotFound, repository.str() + " has no blob " + digest.str()};
}

}  // namespace

std::optional<Document> MemoryRegistry::find_manifest(
    const oci::Reference& reference, std::stop_token stop) {
    check_stop(stop);
    auto contents = contents_.lock();
    const auto repository = contents->repositories.find(repository_of(reference));
    if (repository == contents->repositories.end()) return std::nullopt;
    const Content& content = repository->second;
    std::optional<oci::Digest> digest = reference.digest;
    if (!digest) {
        const auto named = content.tags.find(reference.effective_tag());
        if (named == content.tags.end()) return std::nullopt;
        digest = named->second;
    }
    const auto found = content.manifests.find(*digest);
    if (found == content.manifests.end()) return std::nullopt;
    return found->second;
}

std::optional<oci::Descriptor> MemoryRegistry::find_manifest_descriptor(
    const oci::Reference& reference, std::stop_token stop) {
    const auto found = find_manifest(reference, std::move(stop));
    return found ? std::optional{found->descriptor} : std::nullopt;
}

std::optional<std::uint64_t> MemoryRegistry::find_blob(
    const Repository& repository, const oci::Digest& digest, std::stop_token stop) {
    check_stop(stop);
    auto contents = contents_.lock();
    const Content& content = contents->repositories[repository];
    const auto found = content.blobs.find(digest);
    if (found == content.blobs.end()) return std::nullopt;
    return found->second.size();
}

std::unique_ptr<ByteSource> MemoryRegistry::open_blob(
    const Repository& repository, const oci::Descriptor& blob, std::stop_token stop) {
    check_stop(stop);
    auto contents = contents_.lock();
    const Content& content = contents->repositories[repository];
    const auto found = content.blobs.find(blob.digest);
    if (found == content.blobs.end()) throw no_blob(repository, blob.digest);
    if (found->second.size() != blob.size)
        throw Error{
            ErrorCode::DataCorrupt,
            "blob " + blob.digest.str() + " has " + std::to_string(found->second.size())
                + " bytes, its descriptor says " + std::to_string(blob.size)};
    contents->opened.push_back(blob.digest);
    return std::make_unique<OwningSource>(found->second);
}

bool MemoryRegistry::try_mount(
    const Repository& to, const Repository& from, const oci::Digest& digest, std::stop_token stop) {
    check_stop(stop);
    if (to.registry != from.registry)
        throw Error{
            ErrorCode::InvalidArgument,
            "blobs cannot be mounted from '" + from.str() + "' to another registry, '" + to.str()
                + "'"};
    auto contents = contents_.lock();
    const Content& origin = contents->repositories[from];
    const auto found = origin.blobs.find(digest);
    if (found == origin.blobs.end()) return false;
    const std::string bytes = found->second;
    contents->repositories[to].blobs.emplace(digest, bytes);
    return true;
}

void MemoryRegistry::upload_blob(
    const Repository& repository,
    const oci::Descriptor& blob,
    const store::BlobStore& blobs,
    std::stop_token stop) {
    check_stop(stop);
    std::string bytes = store::read_blob(blobs, blob.digest, blob.size);
    if (bytes.size() != blob.size)
        throw Error{
            ErrorCode::DataCorrupt,
            "blob " + blob.digest.str() + " has " + std::to_string(bytes.size())
                + " bytes, its descriptor says " + std::to_string(blob.size)};
    contents_.lock()->repositories[repository].blobs.emplace(blob.digest, std::move(bytes));
}

void MemoryRegistry::put_manifest(
    const Repository& repository,
    const std::string& image_tag,
    const Document& document,
    std::stop_token stop) {
    check_stop(stop);
    const auto digest = oci::Digest::parse(
        "sha256:" + archive::hash_hex(archive::HashAlgorithm::Sha256, as_bytes(document.bytes)));
    if (digest != document.descriptor.digest)
        throw Error{
            ErrorCode::DataCorrupt,
            "the manifest has the digest " + digest.str() + ", it was announced as "
                + document.descriptor.digest.str()};
    auto contents = contents_.lock();
    Content& content = contents->repositories[repository];
    for (const oci::Descriptor& part : detail::parts_of(document))
        if (!content.blobs.contains(part.digest) && !content.manifests.contains(part.digest))
            throw no_blob(repository, part.digest);
    content.manifests.insert_or_assign(digest, document);
    if (!image_tag.empty()) content.tags.insert_or_assign(image_tag, digest);
}

bool MemoryRegistry::remove_manifest(
    const Repository& repository, const oci::Digest& digest, std::stop_token stop) {
    check_stop(stop);
    auto contents = contents_.lock();
    Content& content = contents->repositories[repository];
    std::erase_if(content.tags, [&](const auto& named) { return named.second == digest; });
    return content.manifests.erase(digest) > 0;
}

std::vector<std::string> MemoryRegistry::tags(const Repository& repository, std::stop_token stop) {
    check_stop(stop);
    auto contents = contents_.lock();
    std::vector<std::string> names;
    for (const auto& [name, digest] : contents->repositories[repository].tags)
        names.push_back(name);
    return names;
}

std::vector<oci::Digest> MemoryRegistry::opened() const {
    return contents_.lock()->opened;
}

}  // namespace nacre::registry
