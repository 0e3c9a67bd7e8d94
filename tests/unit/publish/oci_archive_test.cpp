#include "publish/oci_archive.hpp"

#include "archive/digester.hpp"
#include "base/error.hpp"
#include "json/value.hpp"
#include "oci/manifest.hpp"
#include "store/faulty_blob_store.hpp"
#include "store/memory_blob_store.hpp"
#include "support/code_of.hpp"
#include "support/test_image.hpp"
#include "unit/archive/tar_support.hpp"

#include <map>

namespace nacre::publish {
namespace {

using test::code_of;

std::string write(
    const store::BlobStore& blobs,
    const oci::Descriptor& image,
    const std::string& reference = "app:1") {
    StringSink out;
    write_oci_archive(blobs, image, reference, out);
    return out.take();
}

std::map<std::string, std::string> files_of(const std::string& tar) {
    std::map<std::string, std::string> files;
    for (const auto& one : archive::test::read_tar(tar))
        if (one.entry.type == archive::EntryType::File) files[one.entry.path] = one.content;
    return files;
}

TEST(OciArchive, IsAnImageLayout) {
    store::MemoryBlobStore blobs;
    const oci::Descriptor image = test::write_image(blobs, "layer");
    const auto files = files_of(write(blobs, image));
    EXPECT_EQ(files.at("oci-layout"), R"({"imageLayoutVersion":"1.0.0"})");
    EXPECT_EQ(files.size(), 5U);  // layout, index, manifest, config, layer
    const oci::Index index = oci::parse_index(files.at("index.json"), oci::kMediaTypeIndex);
    ASSERT_EQ(index.manifests.size(), 1U);
    EXPECT_EQ(index.manifests[0].digest, image.digest);
    EXPECT_EQ(
        index.manifests[0].annotations,
        (oci::Annotations{{"org.opencontainers.image.ref.name", "app:1"}}));
    for (const auto& [path, content] : files)
        if (path.starts_with("blobs/sha256/")) {
            EXPECT_EQ(
                path.substr(13),
                archive::hash_hex(archive::HashAlgorithm::Sha256, as_bytes(content)));
        }
}

TEST(OciArchive, HasTheSameBytesForTheSameImage) {
    store::MemoryBlobStore one;
    store::MemoryBlobStore other;
    test::write_image(other, "unrelated");
    EXPECT_EQ(
        write(one, test::write_image(one, "layer")),
        write(other, test::write_image(other, "layer")));
}

TEST(OciArchive, HoldsAllImagesOfAnIndexAndEachBlobOnce) {
    store::MemoryBlobStore blobs;
    const oci::Descriptor first = test::write_image(blobs, "first");
    const oci::Descriptor second = test::write_image(blobs, "second");
    const std::string bytes = oci::render(oci::Index{
        .media_type = std::string{oci::kMediaTypeIndex}, .manifests = {first, second, first}});
    const oci::Descriptor index{
        .media_type = std::string{oci::kMediaTypeIndex},
        .digest = store::write_blob(blobs, bytes),
        .size = bytes.size()};
    EXPECT_EQ(files_of(write(blobs, index)).size(), 2U + 1U + 6U);
}

TEST(OciArchive, ReportsAMissingBlobAndALyingDescriptor) {
    store::MemoryBlobStore blobs;
    oci::Descriptor image = test::write_image(blobs, "layer");
    ++image.size;
    EXPECT_EQ(code_of([&] { write(blobs, image); }), ErrorCode::DataCorrupt);
    --image.size;
    for (const oci::Digest& digest : blobs.list())
        if (digest != image.digest) blobs.remove(digest);
    EXPECT_EQ(code_of([&] { write(blobs, image); }), ErrorCode::NotFound);
}

TEST(OciArchive, PassesEveryFailureOfTheStoreOn) {
    store::MemoryBlobStore blobs;
    const oci::Descriptor image = test::write_image(blobs, "layer");
    int failing = 1;
    for (;; ++failing) {
        const store::FaultyBlobStore faulty{blobs, failing};
        try {
            write(faulty, image);
            break;
        } catch (const Error& error) {
            EXPECT_EQ(error.code(), ErrorCode::Unavailable);
        }
    }
    EXPECT_GT(failing, 6);
}

TEST(DockerArchive, NamesConfigurationLayersAndTagsForDockerLoad) {
    store::MemoryBlobStore blobs;
    const oci::Descriptor image = test::write_image(blobs, "layer");
    StringSink out;
    write_image_archive(blobs, image, {"app:1", "app:2"}, ArchiveFormat::Docker, out);
    const auto files = files_of(out.text());
    const json::Value document = json::parse(files.at("manifest.json"));
    ASSERT_NE(document.if_array(), nullptr);
    ASSERT_EQ(document.if_array()->size(), 1U);
    const json::Reader entry{document.if_array()->front(), "manifest.json"};
    EXPECT_EQ(entry.get_strings("RepoTags"), (std::vector<std::string>{"app:1", "app:2"}));
    const auto manifest = oci::parse_manifest(
        files.at("blobs/sha256/" + std::string{image.digest.hex()}), image.media_type);
    EXPECT_EQ(
        entry.get_string("Config"), "blobs/sha256/" + std::string{manifest.config.digest.hex()});
    ASSERT_EQ(entry.get_strings("Layers").size(), 1U);
    EXPECT_EQ(files.at(entry.get_strings("Layers").front()), "layer");
    const oci::Index index = oci::parse_index(files.at("index.json"), oci::kMediaTypeIndex);
    ASSERT_EQ(index.manifests.size(), 2U);
    EXPECT_EQ(index.manifests[1].annotations.front().second, "app:2");
}

TEST(DockerArchive, HoldsNoIndex) {
    store::MemoryBlobStore blobs;
    const std::string bytes = oci::render(oci::Index{
        .media_type = std::string{oci::kMediaTypeIndex},
        .manifests = {test::write_image(blobs, "layer")}});
    const oci::Descriptor index{
        .media_type = std::string{oci::kMediaTypeIndex},
        .digest = store::write_blob(blobs, bytes),
        .size = bytes.size()};
    StringSink out;
    EXPECT_EQ(
        code_of([&] { write_image_archive(blobs, index, {}, ArchiveFormat::Docker, out); }),
        ErrorCode::Unsupported);
}

}  // namespace
}  // namespace nacre::publish
