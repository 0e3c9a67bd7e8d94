#include "base/error.hpp"
#include "engine/build.hpp"
#include "engine/image_files.hpp"
#include "os/file.hpp"
#include "support/build_machine.hpp"
#include "support/code_of.hpp"

#include <gmock/gmock.h>

#include <filesystem>

namespace nacre::engine::test {
namespace {

using Strings = std::vector<std::string>;

constexpr const char* kDockerfile =
    "FROM busybox:1\n"
    "COPY passwd group /etc/\n"
    "USER web\nWORKDIR /home/web/data\n"
    "COPY --chown=web one.txt ./\n"
    "COPY --link one.txt /linked/\n"
    "FROM busybox:1\nCOPY one.txt /two.txt\n"
    "COPY passwd /etc/passwd\n"
    "COPY --chown=web one.txt /bin/\n";

class BuildCopyTest : public BuildTest {
protected:
    void SetUp() override {
        BuildTest::SetUp();
        if (IsSkipped()) return;
        machine().context.add_file("one.txt", "1");
        machine().context.add_file("passwd", "web:x:1000:1001::/home/web:/bin/sh\n");
        machine().context.add_file("group", "web:x:1001:\n");
    }
};

TEST_F(BuildCopyTest, UnpacksNothingForAnImageWithoutRun) {
    machine().target = "0";
    const BuildResult result = machine().build(kDockerfile);
    EXPECT_TRUE(machine().snapshots.layers().empty());
    const auto& layers = result.layers;
    ASSERT_EQ(layers.size(), 5U);
    EXPECT_EQ(
        machine().entries(layers[2]),
        (Strings{
            "home/ 0755 1000:1001", "home/web/ 0755 1000:1001", "home/web/data/ 0755 1000:1001"}));
    EXPECT_EQ(
        machine().entries(layers[3]),
        (Strings{
            "home/ 0755 1000:1001",
            "home/web/ 0755 1000:1001",
            "home/web/data/ 0755 1000:1001",
            "home/web/data/one.txt 0644 1000:1001"}));
    EXPECT_EQ(
        machine().entries(layers[4]), (Strings{"linked/ 0755 0:0", "linked/one.txt 0644 0:0"}));
}

TEST_F(BuildCopyTest, ReadsAccountsOfTheImageWhereverTheyAre) {
    const BuildResult from_blob = machine().build(kDockerfile);
    EXPECT_TRUE(machine().snapshots.layers().empty());
    machine().build(std::string{kDockerfile} + "RUN true\n");
    EXPECT_FALSE(machine().snapshots.layers().empty());
    const BuildResult from_snapshot = machine().build(kDockerfile);
    EXPECT_EQ(from_blob.manifest, from_snapshot.manifest);
}

TEST_F(BuildCopyTest, GivesTheSameLayerWithAndWithoutAnIndexOfTheBase) {
    const BuildResult first = machine().build(kDockerfile);
    const auto indexes = machine().services().indexes;
    ASSERT_FALSE(std::filesystem::is_empty(indexes / "v1"));
    for (const auto& file : std::filesystem::directory_iterator{indexes / "v1"})
        os::write_file_atomically(file.path(), "damaged", os::Durability::Buffered);
    EXPECT_EQ(machine().build(kDockerfile).manifest, first.manifest);
    std::filesystem::remove_all(indexes);
    EXPECT_EQ(machine().build(kDockerfile).manifest, first.manifest);
}

TEST_F(BuildCopyTest, CopiesOnTopOfWhatARunLeft) {
    const BuildResult result = machine().build(
        "FROM busybox:1\nRUN mkdir -m 0711 /srv && ln -s /srv /www && rm -r /tmp\n"
        "COPY one.txt /www/\nCOPY one.txt /tmp/x\nRUN cat /srv/one.txt /tmp/x > /all\n");
    const auto& layers = result.layers;
    EXPECT_EQ(
        machine().entries(layers[layers.size() - 3]),
        (Strings{"srv/ 0711 0:0", "srv/one.txt 0644 0:0"}));
    EXPECT_EQ(machine().content(layers.back(), "all"), "11");
}

TEST_F(BuildCopyTest, LeavesNoFileOfAnArchiveThatCannotBeUnpacked) {
    StringSink out;
    archive::TarWriter tar{out};
    StringSource content{"x"};
    tar.add_file({.path = "etc", .size = 1}, content);
    tar.finish();
    machine().context.add_file("etc.tar", out.text());
    EXPECT_EQ(
        nacre::test::code_of([&] { machine().build("FROM busybox:1\nADD etc.tar /\nRUN true\n"); }),
        ErrorCode::Conflict);
    EXPECT_EQ(machine().leftovers(), Strings{});
}

}  // namespace
}  // namespace nacre::engine::test
