#include "registry/push.hpp"

#include "base/error.hpp"
#include "registry/detail/copy_tally.hpp"
#include "registry/detail/image_parts.hpp"
#include "registry/detail/parallel.hpp"

#include <set>

namespace nacre::registry {
namespace {

BlobFate push_blob(
    Registry& registry,
    const store::BlobStore& blobs,
    const oci::Descriptor& blob,
    const Repository& destination,
    const Origins* origins,
    const std::stop_token& stop) {
    if (const auto size = registry.find_blob(destination, blob.digest, stop)) {
        if (*size == blob.size) return BlobFate::Present;
        throw Error{
            ErrorCode::DataCorrupt,
            "blob " + blob.digest.str() + " has " + std::to_string(*size) + " bytes in '"
                + destination.str() + "', needed are " + std::to_string(blob.size)};
    }
    if (origins != nullptr)
        for (const Repository& from : origins->repositories(blob.digest))
            if (from.registry == destination.registry && from != destination
                && registry.try_mount(destination, from, blob.digest, stop))
                return BlobFate::Mounted;
    registry.upload_blob(destination, blob, blobs, stop);
    return BlobFate::Copied;
}

std::set<std::string> names_for(const oci::Reference& destination, const PushOptions& options) {
    std::set<std::string> names{options.tags.begin(), options.tags.end()};
    const std::string own = destination.effective_tag();
    if (!own.empty()) names.insert(own);
    for (const std::string& name : names)
        if (!oci::is_image_tag(name))
            throw Error{
                ErrorCode::InvalidArgument,
                "tag '" + name + "' needs 1 to 128 letters, digits and . _ -"};
    return names;
}

}  // namespace

CopyReport push_image(
    Registry& registry,
    const store::BlobStore& blobs,
    const oci::Descriptor& image,
    const oci::Reference& destination,
    const PushOptions& options,
    std::stop_token stop) {
    const oci::Reference target = complete(destination);
    return with_context("pushing to '" + target.str() + "'", [&] {
        detail::check_parallel(options.parallel);
        const Repository repository = repository_of(target);
        const std::set<std::string> names = names_for(target, options);
        if (target.digest && *target.digest != image.digest)
            throw Error{
                ErrorCode::InvalidArgument, "the image has another digest, " + image.digest.str()};
        const detail::ImageParts parts =
            detail::collect_parts(image, [&](const oci::Descriptor& document) {
                return store::read_blob(blobs, document.digest, kManifestBytesMax);
            });
        detail::CopyTally tally{image, options.listener};
        const auto push_one = [&](std::size_t i, const std::stop_token& stopped) {
            const oci::Descriptor& blob = parts.blobs[i];
            tally.add(blob, push_blob(registry, blobs, blob, repository, options.origins, stopped));
        };
        detail::run_parallel(parts.blobs.size(), options.parallel, push_one, stop);
        for (const Document& document : parts.documents)
            registry.put_manifest(repository, "", document, stop);
        for (const std::string& name : names)
            registry.put_manifest(repository, name, parts.documents.back(), stop);
        return tally.report();
    });
}

}  // namespace nacre::registry
