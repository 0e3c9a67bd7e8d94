// What BuildKit did wrong once.
#include "oci/manifest.hpp"
#include "support/busybox.hpp"
#include "traps/trap.hpp"

namespace nacre::engine::test {
namespace {

class BuildKitTrap : public TrapTest {
protected:
    /// Without a path of the archive for the folders above.
    void add_archive() {
        machine().context.add_file(
            "a.tar", write_tar({{{.path = "deep/er/file", .mtime = 5}, "x"}}));
    }
};

TEST_F(BuildKitTrap, EpochLeavesTheLayersOfTheBaseAlone) {
    // moby/buildkit#4805.
    const std::string tar =
        write_tar({{{.path = "newer", .mtime = 1'900'000'000}, "than the epoch"}});
    machine().add_image("base", {.layers = {tar}});
    machine().epoch = 1'000'000'000;
    const BuildResult& image = build("FROM base:1\nCOPY <<EOF /file\nx\nEOF\n");
    ASSERT_EQ(image.config.diff_ids.size(), 2U);
    const oci::Manifest manifest = oci::parse_manifest(
        store::read_blob(machine().blobs, image.manifest.digest, 1U << 20U),
        image.manifest.media_type);
    EXPECT_EQ(manifest.layers[0].digest.str(), image.config.diff_ids[0].digest.str());
    EXPECT_EQ(store::read_blob(machine().blobs, manifest.layers[0].digest, 1U << 20U), tar);
}

TEST_F(BuildKitTrap, EpochIsAppliedToStepsOfTheCacheAndToLinkedOnes) {
    // moby/buildkit#4748, #4746.
    machine().context.add_file("file", "x");
    for (const std::string& step :
         {std::string{"RUN echo x > /file"},
          std::string{"COPY file /"},
          std::string{"COPY --link file /"}}) {
        for (const std::int64_t epoch : {1'600'000'000, 1'500'000'000, 1'600'000'000}) {
            machine().epoch = epoch;
            build("FROM busybox:1\n" + step + "\n");
            EXPECT_EQ(last_entry("file")->mtime, epoch) << step;
        }
        EXPECT_EQ(outcomes(), Outcomes{kCached}) << step;
    }
}

TEST_F(BuildKitTrap, ArchiveIsUnpackedBehindAnAbsoluteLink) {
    add_archive();
    build("FROM busybox:1\nRUN mkdir -m 0711 /srv; ln -s /srv /www\nADD a.tar /www\n");
    EXPECT_THAT(
        last_entries(),
        ElementsAre(
            "srv/ 0711 0:0",
            "srv/deep/ 0755 0:0",
            "srv/deep/er/ 0755 0:0",
            "srv/deep/er/file 0644 0:0"));
    build("FROM busybox:1\nRUN mkdir -m 0711 /srv; ln -s /srv /deep\nADD a.tar /\n");
    EXPECT_TRUE(last_entry("srv/er/file")) << testing::PrintToString(last_entries());
}

TEST_F(BuildKitTrap, FoldersThatAnArchiveImpliesAreMade) {
    add_archive();
    build("FROM scratch\nADD a.tar /x/\n");
    EXPECT_THAT(
        last_entries(),
        ElementsAre(
            "x/ 0755 0:0", "x/deep/ 0755 0:0", "x/deep/er/ 0755 0:0", "x/deep/er/file 0644 0:0"));
    build("FROM busybox:1\nRUN mkdir -pm 0700 /x/deep\nADD a.tar /x/\n");
    EXPECT_EQ(last_entry("x/deep")->mode, 0700U);
}

TEST_F(BuildKitTrap, EqualLayersAreEachInTheImage) {
    machine().context.add_file("file", "x");
    const BuildResult& image =
        build("FROM scratch\nCOPY file /\nCOPY file /\nCOPY file /\nLABEL a=b\n");
    ASSERT_EQ(image.layers.size(), 3U);
    EXPECT_EQ(image.layers[0], image.layers[1]);
    EXPECT_EQ(image.config.diff_ids.size(), 3U);
    EXPECT_EQ(std::ranges::count(image.config.history, false, &oci::HistoryEntry::empty_layer), 3);
    machine().names.add_manifest("equal", {image.manifest.digest, image.manifest.media_type});
    machine().names.set_tag("equal", "1", image.manifest.digest);
    build(
        "FROM equal:1 AS equal\nFROM busybox:1\nCOPY --from=equal /file /copied\nRUN cat "
        "/copied\n");
    EXPECT_EQ(said(), "x");
}

}  // namespace
}  // namespace nacre::engine::test
