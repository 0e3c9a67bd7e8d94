#include "registry/detail/image_parts.hpp"

#include "base/error.hpp"
#include "oci/manifest.hpp"

#include <set>

namespace nacre::registry::detail {
namespace {

constexpr int kIndexDepthMax = 2;
constexpr std::size_t kPartsMax = 10'000;

/// image-spec, layer.md, "Non-Distributable Layers": no registry has to have them.
bool is_foreign(const oci::Descriptor& blob) noexcept {
    return blob.media_type.find(".nondistributable.") != std::string::npos
           || blob.media_type.find(".foreign.") != std::string::npos;
}

class Collector {
public:
    explicit Collector(const std::function<std::string(const oci::Descriptor&)>& read)
        : read_{read} {}

    void collect(const oci::Descriptor& image, int depth) {
        if (!add(image.digest)) return;
        std::string bytes = read_(image);
        if (oci::is_index(image.media_type)) {
            if (depth == kIndexDepthMax)
                throw Error{
                    ErrorCode::DataCorrupt,
                    "indexes are nested more than " + std::to_string(kIndexDepthMax) + " deep"};
            for (const oci::Descriptor& one : oci::parse_index(bytes, image.media_type).manifests)
                collect(one, depth + 1);
        } else {
            const oci::Manifest manifest = oci::parse_manifest(bytes, image.media_type);
            add_blob(manifest.config);
            for (const oci::Descriptor& layer : manifest.layers)
                add_blob(layer);
        }
        parts_.documents.push_back({.descriptor = image, .bytes = std::move(bytes)});
    }

    ImageParts take() { return std::move(parts_); }

private:
    void add_blob(const oci::Descriptor& blob) {
        if (!is_foreign(blob) && add(blob.digest)) parts_.blobs.push_back(blob);
    }

    bool add(const oci::Digest& digest) {
        if (seen_.size() == kPartsMax)
            throw Error{
                ErrorCode::ResourceExhausted,
                "an image of more than " + std::to_string(kPartsMax) + " parts"};
        return seen_.insert(digest).second;
    }

    const std::function<std::string(const oci::Descriptor&)>& read_;
    std::set<oci::Digest> seen_;
    ImageParts parts_;
};

}  // namespace

std::vector<oci::Descriptor> parts_of(const Document& document) {
    const std::string& media_type = document.descriptor.media_type;
    if (oci::is_index(media_type)) return oci::parse_index(document.bytes, media_type).manifests;
    const oci::Manifest manifest = oci::parse_manifest(document.bytes, media_type);
    std::vector<oci::Descriptor> parts = manifest.layers;
    parts.push_back(manifest.config);
    return parts;
}

ImageParts collect_parts(
    const oci::Descriptor& image, const std::function<std::string(const oci::Descriptor&)>& read) {
    Collector collector{read};
    collector.collect(image, 0);
    return collector.take();
}

}  // namespace nacre::registry::detail
