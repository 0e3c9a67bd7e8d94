#include "engine/root_folder.hpp"

#include "base/error.hpp"
#include "engine/accounts.hpp"
#include "os/file.hpp"
#include "support/code_of.hpp"
#include "support/temp_dir.hpp"

#include <gmock/gmock.h>

#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>

namespace nacre::engine {
namespace {

namespace fs = std::filesystem;
using test::code_of;
using Strings = std::vector<std::string>;

/// A root that is full of traps, next to a folder that must stay as it is.
class RootFolderTest : public testing::Test {
protected:
    void SetUp() override {
        if (::geteuid() != 0) GTEST_SKIP() << "needs root";
        fs::create_directories(path("etc"));
        write(path("etc/motd"), "hello");
        fs::create_directory(outside());
        write(outside() / "canary", "alive");
        fs::create_directory_symlink(outside(), path("absolute"));
        fs::create_directory_symlink("../../../../../../../../" + outside().string(), path("up"));
        fs::create_symlink(outside() / "canary", path("file"));
        root_.emplace(folder_.path() / "root");
    }

    void TearDown() override {
        if (!root_) return;
        EXPECT_EQ(os::read_file(outside() / "canary", 100), "alive");
        EXPECT_EQ(std::distance(fs::directory_iterator{outside()}, {}), 1);
    }

    static void write(const fs::path& file, const std::string& text) {
        os::write_file_atomically(file, text, os::Durability::Buffered);
    }

    void put(const std::string& name, const std::string& text) {
        StringSource content{text};
        root_->write_file(name, content, {});
    }

    fs::path outside() const { return folder_.path() / "outside"; }

    fs::path path(const std::string& name) const { return folder_.path() / "root" / name; }

    const RootFolder& root() const { return *root_; }

private:
    test::TempDir folder_;
    std::optional<RootFolder> root_;
};

TEST_F(RootFolderTest, WritesThroughNoLinkThatLeadsOut) {
    for (const char* name : {"absolute/canary", "up/canary", "absolute/new", "file"}) {
        try {
            put(name, "dead");
        } catch (const Error&) {
            continue;  // where the link leads is not in the root
        }
    }
    for (const char* name : {"absolute/x", "up/x"}) {
        EXPECT_ANY_THROW(root().write_symlink(name, "target", {}));
        EXPECT_ANY_THROW(root().write_special(name, S_IFIFO, 0, {}));
        EXPECT_ANY_THROW(root().write_hardlink(name, "etc/motd"));
    }
}

TEST_F(RootFolderTest, TakesAbsoluteTargetsAsThoseOfTheImage) {
    fs::create_directories(path(outside().string().substr(1)));
    put("absolute/canary", "inside");
    EXPECT_EQ(os::read_file(path(outside().string().substr(1)) / "canary", 100), "inside");
}

TEST_F(RootFolderTest, StaysAtItsRootHoweverFarUpAPathGoes) {
    put("../../../../new", "x");
    EXPECT_TRUE(fs::exists(path("new")));
    root().ensure_folder("../../b/c", {.mode = 0700});
    EXPECT_TRUE(fs::exists(path("b/c")));
    EXPECT_EQ(
        code_of([&] { root().ensure_folder("../../none/../b", {}); }), ErrorCode::InvalidArgument);
    EXPECT_TRUE(root().find("/../../../etc/motd"));
}

TEST_F(RootFolderTest, ReadsNoFileOutside) {
    EXPECT_EQ(root().find_text("file", 100), std::nullopt);
    EXPECT_EQ(root().find_text("absolute/canary", 100), std::nullopt);
    EXPECT_EQ(root().find_text("etc/motd", 100), "hello");
    EXPECT_ANY_THROW(root().list("absolute"));
}

TEST_F(RootFolderTest, ReadsOnlyOrdinaryFiles) {
    root().write_special("etc/passwd", S_IFCHR, ::makedev(1, 5), {.mode = 0666});
    root().write_special("etc/group", S_IFIFO, 0, {.mode = 0666});
    EXPECT_EQ(root().find_text("etc/passwd", 100), std::nullopt);
    EXPECT_EQ(root().find_text("etc/group", 100), std::nullopt);
    EXPECT_EQ(code_of([&] { resolve_account("web", root()); }), ErrorCode::NotFound);
}

TEST_F(RootFolderTest, ReadsNoMoreThanTheLimit) {
    EXPECT_EQ(code_of([&] { root().find_text("etc/motd", 4); }), ErrorCode::ResourceExhausted);
}

TEST_F(RootFolderTest, FollowsLinksOfTheImage) {
    fs::create_symlink("/etc/motd", path("motd"));
    fs::create_directory_symlink("etc", path("conf"));
    EXPECT_EQ(root().find_text("motd", 100), "hello");
    EXPECT_EQ(root().resolve("motd"), "/etc/motd");
    EXPECT_EQ(root().resolve("/conf/../conf/motd"), "/etc/motd");
    EXPECT_EQ(root().resolve("/"), "/");
    put("motd", "bye");
    EXPECT_EQ(os::read_file(path("etc/motd"), 100), "bye");
    EXPECT_TRUE(fs::is_symlink(path("motd")));
}

TEST_F(RootFolderTest, SetsWhatTheAttributesSay) {
    StringSource content{"x"};
    root().write_file(
        "f",
        content,
        {.mode = 04751, .owner = {7, 8}, .mtime = 1234, .xattrs = {{"user.note", "n"}}});
    struct stat status{};
    ASSERT_EQ(::stat(path("f").c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 07777U, 04751U);
    EXPECT_EQ(status.st_uid, 7U);
    EXPECT_EQ(status.st_gid, 8U);
    EXPECT_EQ(status.st_mtim.tv_sec, 1234);
    EXPECT_THAT(root().xattrs("f"), testing::ElementsAre(std::pair{"user.note", "n"}));
    root().set_attributes("etc", {.mode = 0700, .xattrs = {{"user.dir", "d"}}});
    EXPECT_THAT(root().xattrs("etc"), testing::ElementsAre(std::pair{"user.dir", "d"}));
}

TEST_F(RootFolderTest, ReplacesAFileWithSeveralNames) {
    fs::create_hard_link(path("etc/motd"), path("etc/other"));
    put("etc/motd", "new");
    EXPECT_EQ(os::read_file(path("etc/other"), 100), "hello");
}

TEST_F(RootFolderTest, ReplacesNoFolderByAFile) {
    EXPECT_EQ(code_of([&] { put("etc", "x"); }), ErrorCode::Conflict);
    EXPECT_EQ(code_of([&] { root().write_symlink("etc", "x", {}); }), ErrorCode::Conflict);
    EXPECT_EQ(code_of([&] { root().ensure_folder("etc/motd/x", {}); }), ErrorCode::Conflict);
}

TEST_F(RootFolderTest, ListsNamesInOrder) {
    put("etc/a", "");
    put("etc/Z", "");
    EXPECT_EQ(root().list("etc"), (Strings{"Z", "a", "motd"}));
}

}  // namespace
}  // namespace nacre::engine
