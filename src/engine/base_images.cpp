#include "engine/base_images.hpp"

#include "base/error.hpp"
#include "base/text.hpp"

#include <string>
#include <vector>

namespace nacre::engine {
namespace {

constexpr std::size_t kDocumentBytesMax = 8U << 20U;
/// An index that leads to an index that leads to ... is an attack.
constexpr int kIndexDepthMax = 2;

}  // namespace

Error StoreBaseImages::not_found(const oci::Reference& reference) const {
    std::vector<std::string> known;
    for (const std::string& repository : names_.repositories())
        for (const std::string& image_tag : names_.tags(repository))
            known.push_back(repository + ":" + image_tag);
    const std::string wanted = reference.repository + ":" + reference.effective_tag();
    const auto near = nearest(wanted, known);
    return Error{
        ErrorCode::NotFound,
        "image '" + reference.str() + "' is not in this service's registry"
            + (near ? ", which has '" + *near + "'" : "")}
        .with_hint(
            near ? "did you mean '" + *near + "'?"
                 : "an administrator imports base images with 'nacred base import NAME:TAG "
                   "ROOTFS.tar'");
}

store::NamedManifest StoreBaseImages::find_named(const oci::Reference& reference) const {
    if (!reference.registry.empty() && reference.registry != registry_) throw not_found(reference);
    const auto found = reference.digest
                           ? names_.find_manifest(reference.repository, *reference.digest)
                           : names_.find_tag(reference.repository, reference.effective_tag());
    if (!found) throw not_found(reference);
    return *found;
}

BaseImage StoreBaseImages::get(
    const oci::Reference& reference, const oci::Platform& platform) const {
    return with_context("base image '" + reference.str() + "'", [&] {
        store::NamedManifest named = find_named(reference);
        std::string bytes = store::read_blob(blobs_, named.digest, kDocumentBytesMax);
        for (int depth = 0; oci::is_index(named.media_type); ++depth) {
            if (depth == kIndexDepthMax)
                throw Error{ErrorCode::DataCorrupt, "its index leads to indexes more than twice"};
            const oci::Descriptor chosen =
                oci::choose_for(oci::parse_index(bytes, named.media_type), platform);
            named = {chosen.digest, chosen.media_type};
            bytes = store::read_blob(blobs_, named.digest, kDocumentBytesMax);
        }
        oci::Manifest manifest = oci::parse_manifest(bytes, named.media_type);
        oci::ImageConfig config = oci::parse_image_config(
            store::read_blob(blobs_, manifest.config.digest, kDocumentBytesMax));
        if (config.diff_ids.size() != manifest.layers.size())
            throw Error{
                ErrorCode::DataCorrupt,
                "its configuration names " + std::to_string(config.diff_ids.size())
                    + " layers, its manifest " + std::to_string(manifest.layers.size())};
        return BaseImage{named.digest, std::move(manifest), std::move(config)};
    });
}

}  // namespace nacre::engine
