#include "publish/oci_archive.hpp"

#include "archive/tar.hpp"
#include "base/error.hpp"
#include "json/value.hpp"
#include "oci/manifest.hpp"

#include <fmt/format.h>

#include <map>
#include <utility>

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

/// One descriptor a reference, so that each is a name of the image.
std::string render_index(const oci::Descriptor& image, const std::vector<std::string>& references) {
    oci::Index index{.media_type = std::string{oci::kMediaTypeIndex}};
    for (const std::string& reference : references) {
        oci::Descriptor named = image;
        named.annotations.emplace_back("org.opencontainers.image.ref.name", reference);
        index.manifests.push_back(std::move(named));
    }
    if (references.empty()) index.manifests.push_back(image);
    return oci::render(index);
}

std::string blob_path(const oci::Digest& digest) {
    return "blobs/" + std::string{digest.algorithm()} + "/" + std::string{digest.hex()};
}

/// What `docker load` looks for: paths in the archive, and names.
std::string render_docker_manifest(
    const store::BlobStore& blobs,
    const oci::Descriptor& image,
    const std::vector<std::string>& references) {
    if (!oci::is_manifest(image.media_type))
        throw Error{
            ErrorCode::Unsupported,
            "an archive for docker holds one image, not an index of several"};
    const auto manifest =
        oci::parse_manifest(store::read_blob(blobs, image.digest, kManifestMax), image.media_type);
    json::Array layers;
    for (const oci::Descriptor& layer : manifest.layers)
        layers.emplace_back(blob_path(layer.digest));
    json::Object entry;
    entry.set("Config", blob_path(manifest.config.digest));
    entry.set("RepoTags", json::Array{references.begin(), references.end()});
    entry.set("Layers", std::move(layers));
    return json::render(json::Array{std::move(entry)});
}

}  // namespace

void write_image_archive(
    const store::BlobStore& blobs,
    const oci::Descriptor& image,
    const std::vector<std::string>& references,
    ArchiveFormat format,
    ByteSink& out) {
    BlobCollector collector{blobs};
    collector.collect(image);
    archive::TarWriter tar{out};
    add_text(tar, "oci-layout", R"({"imageLayoutVersion":"1.0.0"})");
    add_text(tar, "index.json", render_index(image, references));
    if (format == ArchiveFormat::Docker)
        add_text(tar, "manifest.json", render_docker_manifest(blobs, image, references));
    tar.add({.path = "blobs", .type = archive::EntryType::Directory, .mode = 0755});
    std::string algorithm;
    for (const auto& [digest, size] : collector.sizes()) {
        const std::string folder = "blobs/" + std::string{digest.algorithm()};
        if (folder != algorithm) {
            tar.add({.path = folder, .type = archive::EntryType::Directory, .mode = 0755});
            algorithm = folder;
        }
        const auto content = blobs.open(digest, 0);
        tar.add_file({.path = blob_path(digest), .size = size}, *content);
    }
    tar.finish();
}

void write_oci_archive(
    const store::BlobStore& blobs,
    const oci::Descriptor& image,
    const std::string& reference,
    ByteSink& out) {
    std::vector<std::string> references;
    if (!reference.empty()) references.push_back(reference);
    write_image_archive(blobs, image, references, ArchiveFormat::Oci, out);
}

}  // namespace nacre::publish
