#include "publish/oci_archive.hpp"

#include "archive/tar.hpp"
#include "base/error.hpp"
#include "oci/manifest.hpp"

#include <fmt/format.h>

#include <map>

namespace nacre::publish {
namespace {

/// distribution-spec: what every registry takes as a manifest.
constexpr std::size_t kManifestMax = 4U << 20U;
constexpr int kIndexDepthMax = 2;
constexpr std::size_t kBlobsMax = 10'000;

/// Every blob once, in the order of their digests.
using Sizes = std::map<oci::Digest, std::uint64_t>;

class BlobCollector {
public:
    explicit BlobCollector(const store::BlobStore& blobs) : blobs_{blobs} {}

    void collect(const oci::Descriptor& image, int depth = 0) {
        if (!add(image)) return;
        if (oci::is_index(image.media_type)) {
            if (depth == kIndexDepthMax)
                throw Error{
                    ErrorCode::DataCorrupt,
                    fmt::format("indexes are nested more than {} deep", kIndexDepthMax)};
            const auto index = oci::parse_index(read(image), image.media_type);
            for (const oci::Descriptor& one : index.manifests)
                collect(one, depth + 1);
            return;
        }
        const auto manifest = oci::parse_manifest(read(image), image.media_type);
        add(manifest.config);
        for (const oci::Descriptor& layer : manifest.layers)
            add(layer);
    }

    const Sizes& sizes() const noexcept { return sizes_; }

private:
    std::string read(const oci::Descriptor& descriptor) const {
        return store::read_blob(blobs_, descriptor.digest, kManifestMax);
    }

    bool add(const oci::Descriptor& descriptor) {
        const auto size = blobs_.find(descriptor.digest);
        if (!size) throw Error{ErrorCode::NotFound, "no blob " + descriptor.digest.str()};
        if (*size != descriptor.size)
            throw Error{
                ErrorCode::DataCorrupt,
                fmt::format(
                    "blob {} has {} bytes, its descriptor says {}",
                    descriptor.digest.str(),
                    *size,
                    descriptor.size)};
        if (sizes_.size() == kBlobsMax)
            throw Error{
                ErrorCode::ResourceExhausted,
                fmt::format("an image of more than {} blobs", kBlobsMax)};
        return sizes_.emplace(descriptor.digest, *size).second;
    }

    const store::BlobStore& blobs_;
    Sizes sizes_;
};

void add_text(archive::TarWriter& tar, const std::string& path, const std::string& text) {
    StringSource content{text};
    tar.add_file({.path = path, .size = text.size()}, content);
}

std::string render_index(const oci::Descriptor& image, const std::string& reference) {
    oci::Descriptor named = image;
    if (!reference.empty()) named.annotations = {{"org.opencontainers.image.ref.name", reference}};
    return oci::render(
        oci::Index{.media_type = std::string{oci::kMediaTypeIndex}, .manifests = {named}});
}

}  // namespace

void write_oci_archive(
    const store::BlobStore& blobs,
    const oci::Descriptor& image,
    const std::string& reference,
    ByteSink& out) {
    BlobCollector collector{blobs};
    collector.collect(image);
    archive::TarWriter tar{out};
    add_text(tar, "oci-layout", R"({"imageLayoutVersion":"1.0.0"})");
    add_text(tar, "index.json", render_index(image, reference));
    tar.add({.path = "blobs", .type = archive::EntryType::Directory, .mode = 0755});
    std::string algorithm;
    for (const auto& [digest, size] : collector.sizes()) {
        const std::string folder = "blobs/" + std::string{digest.algorithm()};
        if (folder != algorithm) {
            tar.add({.path = folder, .type = archive::EntryType::Directory, .mode = 0755});
            algorithm = folder;
        }
        const auto content = blobs.open(digest, 0);
        tar.add_file({.path = folder + "/" + std::string{digest.hex()}, .size = size}, *content);
    }
    tar.finish();
}

}  // namespace nacre::publish
