#include "engine/root_folder.hpp"

#include "base/error.hpp"
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

    fs::path outside() const { return folder_.path() / "outside"; }

    fs::path path(const std::string& name) const { return folder_.path() / "root" / name; }

    const RootFolder& root() const { return *root_; }

private:
    test::TempDir folder_;
    std::optional<RootFolder> root_;
};

TEST_F(RootFolderTest, StaysAtItsRootHoweverFarUpAPathGoes) {
    EXPECT_TRUE(root().find("/../../../etc/motd"));
    EXPECT_EQ(root().find_text("../../etc/../../etc/motd", 100), "hello");
}

TEST_F(RootFolderTest, TakesAbsoluteTargetsAsThoseOfTheImage) {
    const fs::path inside = path(outside().string().substr(1));
    fs::create_directories(inside);
    write(inside / "canary", "inside");
    EXPECT_EQ(root().find_text("absolute/canary", 100), "inside");
}

TEST_F(RootFolderTest, ReadsNoFileOutside) {
    EXPECT_EQ(root().find_text("file", 100), std::nullopt);
    EXPECT_EQ(root().find_text("absolute/canary", 100), std::nullopt);
    EXPECT_EQ(root().find_text("etc/motd", 100), "hello");
    EXPECT_ANY_THROW(root().list("absolute"));
}

TEST_F(RootFolderTest, ReadsOnlyOrdinaryFiles) {
    ASSERT_EQ(::mknod(path("etc/passwd").c_str(), S_IFCHR | 0666, ::makedev(1, 5)), 0);
    ASSERT_EQ(::mkfifo(path("etc/group").c_str(), 0666), 0);
    EXPECT_EQ(root().find_text("etc/passwd", 100), std::nullopt);
    EXPECT_EQ(root().find_text("etc/group", 100), std::nullopt);
}

TEST_F(RootFolderTest, ReadsNoMoreThanTheLimit) {
    EXPECT_EQ(code_of([&] { root().find_text("etc/motd", 4); }), ErrorCode::ResourceExhausted);
}

TEST_F(RootFolderTest, FollowsLinksOfTheImage) {
    fs::create_symlink("/etc/motd", path("motd"));
    fs::create_directory_symlink("etc", path("conf"));
    EXPECT_EQ(root().find_text("motd", 100), "hello");
    EXPECT_EQ(root().find_text("/conf/../conf/motd", 100), "hello");
}

TEST_F(RootFolderTest, ListsNamesInOrder) {
    write(path("etc/a"), "");
    write(path("etc/Z"), "");
    EXPECT_EQ(root().list("etc"), (Strings{"Z", "a", "motd"}));
}

}  // namespace
}  // namespace nacre::engine
