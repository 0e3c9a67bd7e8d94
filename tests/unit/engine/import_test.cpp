#include "engine/import.hpp"

#include "archive/tar.hpp"
#include "base/error.hpp"
#include "oci/config.hpp"
#include "oci/manifest.hpp"
#include "store/memory_blob_store.hpp"
#include "support/code_of.hpp"
#include "support/temp_dir.hpp"

#include <gmock/gmock.h>

namespace nacre::engine {
namespace {

using nacre::test::code_of;
using Entries = std::vector<archive::TarEntry>;
constexpr std::size_t kDocumentMax = 1U << 20U;

std::string tar_of(const Entries& entries) {
    StringSink out;
    archive::TarWriter writer{out};
    for (const archive::TarEntry& entry : entries) {
        writer.add(entry);
        writer.write_content(as_bytes(std::string(entry.size, 'x')));
    }
    writer.finish();
    return out.take();
}

archive::TarEntry file(const std::string& path, std::int64_t mtime = 100) {
    return {.path = path, .mtime = mtime, .size = 3};
}

archive::TarEntry link(const std::string& path, const std::string& target) {
    return {.path = path, .type = archive::EntryType::Symlink, .link_target = target};
}

class Import : public testing::Test {
protected:
    ImportedImage import_tar(const std::string& tar) {
        StringSource source{tar};
        return import_root(
            source,
            blobs,
            {.platform = {.architecture = "arm64"},
             .compression = {.level = 1},
             .temporary = folder.path(),
             .cmd = {"/bin/sh"}});
    }

    oci::Manifest manifest_of(const ImportedImage& image) const {
        return oci::parse_manifest(
            store::read_blob(blobs, image.manifest.digest, kDocumentMax), oci::kMediaTypeManifest);
    }

    oci::ImageConfig config_of(const ImportedImage& image) const {
        return oci::parse_image_config(
            store::read_blob(blobs, manifest_of(image).config.digest, kDocumentMax));
    }

    std::vector<std::string> paths_of(const ImportedImage& image) const {
        const auto blob = blobs.open(manifest_of(image).layers.at(0).digest, 0);
        archive::TarReader reader{*blob, {}};
        std::vector<std::string> paths;
        for (archive::TarEntry entry; reader.next(entry);)
            paths.push_back(entry.path);
        return paths;
    }

    store::MemoryBlobStore blobs;
    nacre::test::TempDir folder;
};

TEST_F(Import, MakesAnImageOfOneLayer) {
    const ImportedImage image = import_tar(tar_of({file("./etc/passwd", 200), file("bin/sh")}));
    EXPECT_EQ(image.entries, 2U);
    EXPECT_EQ(image.bytes, 6U);
    EXPECT_THAT(paths_of(image), testing::ElementsAre("bin", "bin/sh", "etc", "etc/passwd"));
    const oci::ImageConfig config = config_of(image);
    EXPECT_EQ(config.platform.architecture, "arm64");
    EXPECT_EQ(config.created, "1970-01-01T00:03:20Z");
    EXPECT_EQ(config.cmd, std::vector<std::string>{"/bin/sh"});
    EXPECT_TRUE(oci::find_env(config, "PATH"));
    EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
}

TEST_F(Import, DependsOnTheFilesAndNotOnTheirOrder) {
    const ImportedImage one = import_tar(tar_of({file("a"), file("b/c"), link("d", "a")}));
    const ImportedImage two = import_tar(tar_of({link("./d", "a"), file("./b/c"), file("./a")}));
    // The folder 'b' is in neither archive: both get the same one.
    EXPECT_EQ(manifest_of(one).layers, manifest_of(two).layers);
}

TEST_F(Import, FollowsNoLink) {
    // A loop, one that leads nowhere, and one to a file of the machine that is newer than all of the image.
    const ImportedImage image = import_tar(tar_of(
        {file("a", 100),
         link("loop", "loop"),
         link("none", "/nothing"),
         link("out", "/proc/stat")}));
    EXPECT_EQ(config_of(image).created, "1970-01-01T00:01:40Z");
    EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
}

TEST_F(Import, RefusesWhatWouldLeaveTheRoot) {
    EXPECT_EQ(code_of([&] { import_tar(tar_of({file("../out")})); }), ErrorCode::DataCorrupt);
    EXPECT_EQ(code_of([&] { import_tar(tar_of({file("a/../../out")})); }), ErrorCode::DataCorrupt);
    EXPECT_TRUE(blobs.list().empty());
    EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
}

TEST_F(Import, RefusesAnArchiveWithoutEntriesAndADamagedOne) {
    EXPECT_EQ(code_of([&] { import_tar(tar_of({})); }), ErrorCode::InvalidArgument);
    const std::string tar = tar_of({file("a"), file("b")});
    EXPECT_EQ(code_of([&] { import_tar(tar.substr(0, 700)); }), ErrorCode::DataCorrupt);
    EXPECT_TRUE(blobs.list().empty());
    EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
}

}  // namespace
}  // namespace nacre::engine
