#include "engine/copier.hpp"

#include "archive/tar.hpp"
#include "base/error.hpp"
#include "os/file.hpp"
#include "source/memory_tree.hpp"
#include "support/code_of.hpp"
#include "support/temp_dir.hpp"

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
        if (::geteuid() != 0) GTEST_SKIP() << "needs root";
        for (const char* name : {"root/etc", "origin", "outside"})
            fs::create_directories(folder_.path() / name);
        write(path("etc/passwd"), "web:x:1000:1001::/:\n");
        write(path("etc/group"), "media:x:2000:\n");
        write(outside() / "canary", "alive");
        root_.emplace(folder_.path() / "root");
        origin_.emplace(folder_.path() / "origin");
    }

    void TearDown() override {
        if (!root_) return;
        EXPECT_EQ(os::read_file(outside() / "canary", 100), "alive");
        EXPECT_EQ(std::distance(fs::directory_iterator{outside()}, {}), 1);
    }

    static void write(const fs::path& file, const std::string& text) {
        os::write_file_atomically(file, text, os::Durability::Buffered);
    }

    fs::path outside() const { return folder_.path() / "outside"; }

    fs::path path(const std::string& name) const { return folder_.path() / "root" / name; }

    fs::path origin(const std::string& name) const { return folder_.path() / "origin" / name; }

    std::string read(const std::string& name) const { return os::read_file(path(name), 1000); }

    struct stat status(const std::string& name) const {
        struct stat result{};
        EXPECT_EQ(::lstat(path(name).c_str(), &result), 0) << name;
        return result;
    }

    void copy(const CopyAction& action, std::stop_token stop = {}) {
        Copier copier{*root_, kEpoch, std::move(stop)};
        if (std::holds_alternative<FromContext>(action.origin))
            copier.copy_from_tree(tree, action);
        else
            copier.copy_from_root(*origin_, action);
    }

    static constexpr std::int64_t kEpoch = 1000;
    source::MemoryTree tree{500};

private:
    test::TempDir folder_;
    std::optional<RootFolder> root_;
    std::optional<RootFolder> origin_;
};

TEST_F(CopierTest, GivesAFileTheNameOfItsDestination) {
    tree.add_file("a", "a", 0640);
    copy({.sources = {"a"}, .destination = "/new/b"});
    copy({.sources = {"a"}, .destination = "/new/"});
    copy({.sources = {"a"}, .destination = "/etc"});
    for (const char* name : {"new/b", "new/a", "etc/a"})
        EXPECT_EQ(read(name), "a") << name;
    EXPECT_EQ(status("new/b").st_mode & 07777U, 0640U);
    EXPECT_EQ(status("new/b").st_uid, 0U);
    EXPECT_EQ(status("new").st_mode & 07777U, 0755U);
}

TEST_F(CopierTest, SetsOwnerAndMode) {
    tree.add_file("d/a", "a");
    copy({.sources = {"d"}, .destination = "/one/", .owner = "web", .mode = 0700});
    copy({.sources = {"d"}, .destination = "/two/", .owner = "web:media"});
    copy({.sources = {"d"}, .destination = "/three/", .owner = "5000"});
    EXPECT_EQ(status("one/a").st_uid, 1000U);
    EXPECT_EQ(status("one/a").st_gid, 1001U);
    EXPECT_EQ(status("one/a").st_mode & 07777U, 0700U);
    EXPECT_EQ(status("two/a").st_gid, 2000U);
    EXPECT_EQ(status("three/a").st_uid, 5000U);
    EXPECT_EQ(status("three/a").st_gid, 5000U);
    EXPECT_EQ(
        code_of([&] { copy({.sources = {"d"}, .destination = "/x/", .owner = "nobody"}); }),
        ErrorCode::NotFound);
}

TEST_F(CopierTest, FollowsNoLinkOutOfTheImage) {
    fs::create_directory_symlink(outside(), path("absolute"));
    fs::create_directory_symlink("../outside", path("up"));
    fs::create_symlink(outside() / "canary", path("file"));
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
    copy({.sources = {"d"}, .destination = "/x/"});
    EXPECT_EQ(fs::read_symlink(path("x/out")), "/etc/shadow");
    EXPECT_EQ(fs::read_symlink(path("x/up")), "../../../../outside/canary");
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
    tar.finish();
    tree.add_file("any.name", out.text());
    tree.add_file("fake.tar", "no archive");
    copy({.sources = {"any.name"}, .destination = "/u/", .unpack_archives = true});
    copy({.sources = {"fake.tar"}, .destination = "/u/", .unpack_archives = true});
    copy({.sources = {"any.name"}, .destination = "/u/"});
    EXPECT_EQ(read("u/a/b"), "x");
    EXPECT_EQ(status("u/a/b").st_uid, 5U);
    EXPECT_EQ(read("u/fake.tar"), "no archive");
    EXPECT_TRUE(fs::exists(path("u/any.name")));
}

TEST_F(CopierTest, UnpacksNothingOutsideOfTheImage) {
    StringSink out;
    archive::TarWriter tar{out};
    tar.add(
        {.path = "link", .type = archive::EntryType::Symlink, .link_target = outside().string()});
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
    copy({.sources = {"up.tar"}, .destination = "/", .unpack_archives = true});
    EXPECT_EQ(read("outside/canary"), "dead");
}

TEST_F(CopierTest, CopiesFromAnotherImageWithAllItHas) {
    fs::create_directories(origin("d/sub"));
    write(origin("d/tool"), "tool");
    fs::create_hard_link(origin("d/tool"), origin("d/same"));
    fs::create_symlink("tool", origin("d/link"));
    ASSERT_EQ(::chown(origin("d/sub").c_str(), 7, 8), 0);
    ASSERT_EQ(::setxattr(origin("d/tool").c_str(), "user.note", "n", 1, 0), 0);
    copy({.origin = FromStage{0}, .sources = {"/d"}, .destination = "/new/"});
    EXPECT_EQ(status("new/tool").st_ino, status("new/same").st_ino);
    EXPECT_EQ(fs::read_symlink(path("new/link")), "tool");
    EXPECT_EQ(status("new/sub").st_uid, 7U);
    char value = '\0';
    EXPECT_EQ(::getxattr(path("new/tool").c_str(), "user.note", &value, 1), 1);
    EXPECT_EQ(value, 'n');
}

TEST_F(CopierTest, FollowsALinkThatIsNamedInAnotherImage) {
    fs::create_directories(origin("d"));
    write(origin("d/tool-1.0"), "tool");
    fs::create_symlink("/d/tool-1.0", origin("tool"));
    fs::create_symlink(outside() / "canary", origin("out"));
    copy({.origin = FromStage{0}, .sources = {"/tool"}, .destination = "/bin/"});
    EXPECT_EQ(read("bin/tool"), "tool");
    EXPECT_FALSE(fs::is_symlink(path("bin/tool")));
    copy({.origin = FromStage{0}, .sources = {"/out"}, .destination = "/bin/"});
    EXPECT_TRUE(fs::is_symlink(path("bin/out")));
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
