#include "engine/copier.hpp"

#include "archive/tar.hpp"
#include "base/error.hpp"
#include "os/file.hpp"
#include "source/memory_tree.hpp"
#include "support/code_of.hpp"
#include "support/temp_dir.hpp"
#include "unit/engine/written_layer.hpp"

#include <gmock/gmock.h>

#include <sys/stat.h>
#include <sys/xattr.h>

namespace nacre::engine {
namespace {

namespace fs = std::filesystem;
using test::code_of;

class CopierTest : public testing::Test {
protected:
    void SetUp() override {
        for (const char* name : {"origin", "tmp", "outside"})
            fs::create_directories(folder_.path() / name);
        write(outside() / "canary", "alive");
        image.apply(
            {{.path = "etc", .type = archive::EntryType::Directory, .mode = 0755},
             link("absolute", outside().string()),
             link("up", "../outside"),
             link("file", (outside() / "canary").string())});
        origin_.emplace(folder_.path() / "origin");
    }

    void TearDown() override {
        EXPECT_EQ(os::read_file(outside() / "canary", 100), "alive");
        EXPECT_EQ(std::distance(fs::directory_iterator{outside()}, {}), 1);
        EXPECT_TRUE(fs::is_empty(folder_.path() / "tmp"));
    }

    static archive::TarEntry link(const std::string& path, const std::string& target) {
        return {.path = path, .type = archive::EntryType::Symlink, .link_target = target};
    }

    static void write(const fs::path& file, const std::string& text) {
        os::write_file_atomically(file, text, os::Durability::Buffered);
    }

    fs::path outside() const { return folder_.path() / "outside"; }

    fs::path origin(const std::string& name) const { return folder_.path() / "origin" / name; }

    /// The layer of one COPY on top of all before.
    test::WrittenLayer copy(const CopyAction& action, std::stop_token stop = {}) {
        LayerDraft draft{image, kEpoch};
        Copier copier{
            {.destination = draft,
             .find_text = [](const std::string& path, std::size_t) -> std::optional<std::string> {
                 return path == "/etc/passwd" ? "web:x:1000:1001::/:\n" : "media:x:2000:\n";
             },
             .temporary = folder_.path() / "tmp",
             .epoch = kEpoch,
             .stop = std::move(stop)}};
        if (std::holds_alternative<FromContext>(action.origin))
            copier.copy_from_tree(tree, action);
        else
            copier.copy_from_root(*origin_, action);
        return test::WrittenLayer{draft};
    }

    static constexpr std::int64_t kEpoch = 1000;
    ImageTree image;
    source::MemoryTree tree{500};

private:
    test::TempDir folder_;
    std::optional<RootFolder> origin_;
};

TEST_F(CopierTest, GivesAFileTheNameOfItsDestination) {
    tree.add_file("a", "a", 0640);
    for (const auto& [destination, path] :
         {std::pair{"/new/b", "new/b"}, {"/new/", "new/a"}, {"/etc", "etc/a"}}) {
        const auto layer = copy({.sources = {"a"}, .destination = destination});
        EXPECT_EQ(layer.content(path), "a") << destination;
        EXPECT_EQ(layer.entry(path).mode, 0640U);
        EXPECT_EQ(layer.entry(path).uid, 0U);
        EXPECT_EQ(layer.entry(path).mtime, 500);
        EXPECT_EQ(layer.paths().size(), 2U);
    }
    EXPECT_EQ(image.find("new")->mode, 0755U);
}

TEST_F(CopierTest, SetsOwnerAndMode) {
    tree.add_file("d/a", "a");
    const auto one = copy(
        {.sources = {"d"},
         .destination = "/one/",
         .owner = "web",
         .mode = ModeChange::parse("0700")});
    EXPECT_EQ(one.entry("one/a").uid, 1000U);
    EXPECT_EQ(one.entry("one/a").gid, 1001U);
    EXPECT_EQ(one.entry("one/a").mode, 0700U);
    const auto two = copy({.sources = {"d"}, .destination = "/two/", .owner = "web:media"});
    EXPECT_EQ(two.entry("two/a").gid, 2000U);
    const auto three = copy({.sources = {"d"}, .destination = "/three/", .owner = "5000"});
    EXPECT_EQ(three.entry("three/a").uid, 5000U);
    EXPECT_EQ(three.entry("three/a").gid, 5000U);
    EXPECT_EQ(
        code_of([&] { copy({.sources = {"d"}, .destination = "/x/", .owner = "nobody"}); }),
        ErrorCode::NotFound);
}

TEST_F(CopierTest, FollowsNoLinkOutOfTheImage) {
    tree.add_file("canary", "dead");
    for (const char* destination :
         {"/absolute/", "/up/", "/file", "/absolute/canary", "/up/../../outside/", "/up/canary"}) {
        try {
            copy({.sources = {"canary"}, .destination = destination});
        } catch (const Error&) {
            continue;  // the link leads to nothing in the image
        }
    }
}

TEST_F(CopierTest, KeepsLinksOfTheContextAsTheyAre) {
    tree.add_symlink("d/out", "/etc/shadow");
    tree.add_symlink("d/up", "../../../../outside/canary");
    const auto layer = copy({.sources = {"d"}, .destination = "/x/"});
    EXPECT_EQ(layer.entry("x/out").link_target, "/etc/shadow");
    EXPECT_EQ(layer.entry("x/up").link_target, "../../../../outside/canary");
}

TEST_F(CopierTest, WritesThroughALinkThatItJustCopiedOnlyInsideTheImage) {
    tree.add_symlink("one/target", outside().string());
    tree.add_file("two/target/canary", "dead");
    copy({.sources = {"one"}, .destination = "/x/"});
    EXPECT_ANY_THROW(copy({.sources = {"two"}, .destination = "/x/"}));
}

TEST_F(CopierTest, UnpacksArchivesByTheirContent) {
    StringSink out;
    archive::TarWriter tar{out};
    StringSource content{"x"};
    tar.add_file({.path = "a/b", .mode = 0600, .uid = 5, .gid = 6, .size = 1}, content);
    StringSource second{"second"};
    tar.add_file({.path = "a/a", .size = 6}, second);
    tar.add({.path = "a/0", .type = archive::EntryType::Hardlink, .link_target = "a/b"});
    tar.finish();
    tree.add_file("any.name", out.text());
    tree.add_file("fake.tar", "no archive");
    const auto unpacked =
        copy({.sources = {"any.name"}, .destination = "/u/", .unpack_archives = true});
    EXPECT_THAT(unpacked.paths(), testing::ElementsAre("u", "u/a", "u/a/0", "u/a/a", "u/a/b"));
    EXPECT_EQ(unpacked.content("u/a/0"), "x");
    EXPECT_EQ(unpacked.entry("u/a/0").uid, 5U);
    EXPECT_EQ(unpacked.content("u/a/a"), "second");
    EXPECT_EQ(unpacked.entry("u/a/b").type, archive::EntryType::Hardlink);
    EXPECT_EQ(unpacked.entry("u/a/b").link_target, "u/a/0");
    const auto fake =
        copy({.sources = {"fake.tar"}, .destination = "/u/", .unpack_archives = true});
    EXPECT_EQ(fake.content("u/fake.tar"), "no archive");
    const auto copied = copy({.sources = {"any.name"}, .destination = "/u/"});
    EXPECT_EQ(copied.content("u/any.name"), out.text());
}

TEST_F(CopierTest, UnpacksNothingOutsideOfTheImage) {
    StringSink out;
    archive::TarWriter tar{out};
    tar.add(link("link", outside().string()));
    StringSource content{"dead"};
    tar.add_file({.path = "link/canary", .size = 4}, content);
    tar.finish();
    tree.add_file("evil.tar", out.text());
    EXPECT_ANY_THROW(
        copy({.sources = {"evil.tar"}, .destination = "/u/", .unpack_archives = true}));

    StringSink up;
    archive::TarWriter second{up};
    StringSource again{"dead"};
    second.add_file({.path = "../../../outside/canary", .size = 4}, again);
    second.finish();
    tree.add_file("up.tar", up.text());
    const auto layer = copy({.sources = {"up.tar"}, .destination = "/", .unpack_archives = true});
    EXPECT_EQ(layer.content("outside/canary"), "dead");
}

TEST_F(CopierTest, CopiesFromAnotherImageWithAllItHas) {
    if (::geteuid() != 0) GTEST_SKIP() << "needs root";
    fs::create_directories(origin("d/sub"));
    write(origin("d/tool"), "tool");
    fs::create_hard_link(origin("d/tool"), origin("d/same"));
    fs::create_symlink("tool", origin("d/link"));
    ASSERT_EQ(::mkfifo(origin("d/pipe").c_str(), 0640), 0);
    ASSERT_EQ(::chown(origin("d/sub").c_str(), 7, 8), 0);
    ASSERT_EQ(::setxattr(origin("d/tool").c_str(), "user.note", "n", 1, 0), 0);
    const auto layer = copy({.origin = FromStage{0}, .sources = {"/d"}, .destination = "/new/"});
    EXPECT_EQ(layer.content("new/same"), "tool");
    EXPECT_EQ(layer.entry("new/tool").link_target, "new/same");
    EXPECT_EQ(layer.entry("new/link").link_target, "tool");
    EXPECT_EQ(layer.entry("new/sub").uid, 7U);
    EXPECT_EQ(layer.entry("new/pipe").type, archive::EntryType::Fifo);
    EXPECT_THAT(layer.entry("new/same").xattrs, testing::ElementsAre(std::pair{"user.note", "n"}));
}

TEST_F(CopierTest, FollowsALinkThatIsNamedInAnotherImage) {
    fs::create_directories(origin("d"));
    write(origin("d/tool-1.0"), "tool");
    fs::create_symlink("/d/tool-1.0", origin("tool"));
    fs::create_symlink(outside() / "canary", origin("out"));
    const auto tool = copy({.origin = FromStage{0}, .sources = {"/tool"}, .destination = "/bin/"});
    EXPECT_EQ(tool.content("bin/tool"), "tool");
    EXPECT_EQ(
        code_of(
            [&] { copy({.origin = FromStage{0}, .sources = {"/out"}, .destination = "/bin/"}); }),
        ErrorCode::NotFound);
}

TEST_F(CopierTest, SaysWhatIsNotInTheOtherImage) {
    EXPECT_EQ(
        code_of(
            [&] { copy({.origin = FromStage{0}, .sources = {"/nothing"}, .destination = "/x"}); }),
        ErrorCode::NotFound);
}

TEST_F(CopierTest, StopsWhenAsked) {
    tree.add_file("a", "a");
    std::stop_source stop;
    stop.request_stop();
    EXPECT_THROW(copy({.sources = {"a"}, .destination = "/x"}, stop.get_token()), Cancelled);
}

}  // namespace
}  // namespace nacre::engine
