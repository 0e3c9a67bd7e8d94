// Traps of COPY, ADD and what becomes of files.
#include "source/ignored_tree.hpp"
#include "support/busybox.hpp"
#include "traps/trap.hpp"

namespace nacre::engine::test {
namespace {

class CopyTrap : public TrapTest {
protected:
    /// An image whose files carry what is easily lost.
    void add_special_files() {
        archive::TarEntry tool{.path = "tool", .mode = 04755, .uid = 3, .gid = 4, .mtime = 500};
        // Version 2: cap_net_raw, permitted and effective.
        tool.xattrs = {
            {"security.capability",
             std::string{
                 "\x01\x00\x00\x02\x00\x20\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"
                 "\x00\x00",
                 20}},
            {"user.note", "kept"}};
        const archive::TarEntry folder{
            .path = "dir/shared", .type = EntryType::Directory, .mode = 03777, .mtime = 600};
        machine().add_image(
            "special",
            {.layers = {nacre::test::busybox_tar(), write_tar({{tool, "tool"}, {folder, ""}})}});
    }
};

TEST_F(CopyTrap, IgnoreFileIsNotForCopyFromAStage) {
    machine().context.add_file("wanted", "1");
    machine().context.add_file("unwanted", "2");
    const source::IgnoredTree tree{
        machine().context, source::parse_ignore_file("*\n!wanted\n", ".dockerignore").patterns};
    machine().other_context = &tree;
    build(
        "FROM busybox:1 AS made\nRUN mkdir /out; echo 3 > /out/unwanted; echo 4 > /out/other\n"
        "FROM scratch\nCOPY . /context/\nCOPY --from=made /out /out\n");
    EXPECT_THAT(
        last_entries(),
        ElementsAre("out/ 0755 0:0", "out/other 0644 0:0", "out/unwanted 0644 0:0"));
}

TEST_F(CopyTrap, WhiteoutsAreNotCopiedAsFiles) {
    const std::string hidden = write_tar(
        {{{.path = "data", .type = EntryType::Directory, .mode = 0755}, ""},
         {{.path = "data/.wh.gone"}, ""},
         {{.path = "data/kept"}, "kept"}});
    const std::string below = write_tar(
        {{{.path = "data", .type = EntryType::Directory, .mode = 0755}, ""},
         {{.path = "data/gone"}, "gone"}});
    machine().add_image("hides", {.layers = {nacre::test::busybox_tar(), below, hidden}});
    build(
        "FROM hides:1 AS a\nRUN rm /etc/group\nFROM scratch\nCOPY --from=a /data /etc /copied/\n");
    EXPECT_THAT(
        last_entries(),
        ElementsAre("copied/ 0755 0:0", "copied/kept 0644 0:0", "copied/passwd 0644 0:0"));
    build("FROM hides:1 AS a\nFROM scratch\nCOPY --from=a /data /copied/\n");  // nothing unpacked
    EXPECT_THAT(last_entries(), ElementsAre("copied/ 0755 0:0", "copied/kept 0644 0:0"));
}

TEST_F(CopyTrap, HardLinksStayLinksWithRelativeTargets) {
    build(
        "FROM busybox:1 AS a\nRUN mkdir /d; yes | head -c 100000 > /d/one; ln /d/one /d/two; ln "
        "/d/one /d/three\nFROM scratch\nCOPY --from=a /d /d\n");
    std::uint64_t bytes = 0;
    int links = 0;
    for (const char* path : {"d/one", "d/two", "d/three"}) {
        const auto entry = last_entry(path);
        ASSERT_TRUE(entry) << path;
        bytes += entry->size;
        if (entry->type != EntryType::Hardlink) continue;
        ++links;
        EXPECT_THAT(entry->link_target, testing::StartsWith("d/"));
    }
    EXPECT_EQ(links, 2);
    EXPECT_EQ(bytes, 100000U);
}

TEST_F(CopyTrap, SpecialBitsSurvive) {
    add_special_files();
    build("FROM special:1 AS a\nFROM scratch\nCOPY --from=a /dir /copied\n");
    EXPECT_EQ(last_entry("copied/shared")->mode, 03777U);
    build("FROM special:1 AS a\nFROM scratch\nCOPY --from=a /tool /\n");
    EXPECT_EQ(last_entry("tool")->mode, 04755U);
    build("FROM special:1\nRUN mkdir -m 1777 /t; touch /t/f; chmod 6711 /t/f\n");
    EXPECT_THAT(last_entries(), ElementsAre("t/ 1777 0:0", "t/f 6711 0:0"));
}

TEST_F(CopyTrap, CapabilitiesAndAttributesOfFilesSurvive) {
    add_special_files();
    build("FROM special:1 AS a\nFROM scratch\nCOPY --from=a /tool /copied\n");
    ASSERT_EQ(last_entry("copied")->xattrs.size(), 2U);
    EXPECT_EQ(last_entry("copied")->xattrs[0].second.size(), 20U);
    EXPECT_EQ(last_entry("copied")->xattrs[1].second, "kept");
    build("FROM special:1\nRUN touch /tool\n");
    EXPECT_EQ(last_entry("tool")->xattrs.size(), 2U);
    build("FROM special:1 AS a\nRUN true\nFROM scratch\nCOPY --from=a /tool /copied\n");
    EXPECT_EQ(last_entry("copied")->xattrs.size(), 2U);
}

TEST_F(CopyTrap, TimesSurviveCopyFrom) {
    add_special_files();
    build("FROM special:1 AS a\nFROM scratch\nCOPY --from=a /tool /new/tool\n");
    EXPECT_EQ(last_entry("new/tool")->mtime, 500);
    build("FROM special:1 AS a\nRUN touch -d @1000 /t\nFROM scratch\nCOPY --from=a /t /t\n");
    EXPECT_EQ(last_entry("t")->mtime, 1000);
}

TEST_F(CopyTrap, ModeOfACopyIsForImpliedFoldersToo) {
    machine().context.add_file("file", "x");
    build("FROM scratch\nCOPY --chmod=0700 file /a/b/file\n");
    EXPECT_THAT(last_entries(), ElementsAre("a/ 0700 0:0", "a/b/ 0700 0:0", "a/b/file 0700 0:0"));
}

TEST_F(CopyTrap, RootEntryOfAnArchiveLeavesTheFolderAlone) {
    machine().context.add_file(
        "a.tar",
        write_tar(
            {{{.path = ".", .type = EntryType::Directory, .mode = 0700, .uid = 7, .gid = 7}, ""},
             {{.path = "file"}, "x"}}));
    build("FROM busybox:1\nADD a.tar /tmp\n");
    EXPECT_THAT(last_entries(), ElementsAre("tmp/ 1777 0:0", "tmp/file 0644 0:0"));
}

TEST_F(CopyTrap, FoldersThatWorkdirMakesBelongToTheUserAndOthersAreLeftAlone) {
    build("FROM busybox:1\nRUN mkdir -m 0711 /srv\nUSER web\nWORKDIR /srv/a/b\n");
    EXPECT_THAT(
        last_entries(),
        ElementsAre("srv/ 0711 0:0", "srv/a/ 0755 1000:1001", "srv/a/b/ 0755 1000:1001"));
}

}  // namespace
}  // namespace nacre::engine::test
