#include "exec/mount_points.hpp"

#include "os/file.hpp"
#include "support/code_of.hpp"
#include "support/temp_dir.hpp"

#include <gtest/gtest.h>

#include <optional>

namespace nacre::exec {
namespace {

namespace fs = std::filesystem;
using test::code_of;
using Strings = std::vector<std::string>;

class MountPointsTest : public testing::Test {
protected:
    void SetUp() override {
        fs::create_directory(root());
        fs::create_directory(outside());
        write(outside() / "canary", "alive");
    }

    void TearDown() override {
        EXPECT_EQ(os::read_file(outside() / "canary", 100), "alive");
        EXPECT_EQ(std::distance(fs::directory_iterator{outside()}, {}), 1);
    }

    fs::path root() const { return folder_.path() / "root"; }

    fs::path outside() const { return folder_.path() / "outside"; }

    static void write(const fs::path& file, const std::string& text) {
        os::write_file_atomically(file, text, os::Durability::Buffered);
    }

    void expect_refused(const Strings& targets) const {
        EXPECT_EQ(code_of([&] { MountPoints{root(), targets}; }), ErrorCode::InvalidArgument)
            << targets.front();
    }

private:
    test::TempDir folder_;
};

TEST_F(MountPointsTest, TakeAwayTheStubsThatWereMade) {
    {
        const MountPoints points{root(), {"/proc", "/a/b/c", "/etc/hosts"}};
        fs::create_directories(root() / "proc");
        fs::create_directories(root() / "a/b/c");
        fs::create_directories(root() / "etc");
        write(root() / "etc/hosts", "");
    }
    EXPECT_TRUE(fs::is_empty(root()));
}

TEST_F(MountPointsTest, KeepWhatWasThereBefore) {
    fs::create_directories(root() / "proc");
    fs::create_directories(root() / "etc");
    write(root() / "etc/hosts", "");
    {
        const MountPoints points{root(), {"/proc", "/etc/hosts"}};
    }
    EXPECT_TRUE(fs::exists(root() / "proc"));
    EXPECT_TRUE(fs::exists(root() / "etc/hosts"));
}

TEST_F(MountPointsTest, KeepWhatTheStepPutThere) {
    {
        const MountPoints points{root(), {"/a/b", "/etc/hosts"}};
        fs::create_directories(root() / "a/b");
        write(root() / "a/own", "own");
        fs::create_directories(root() / "etc");
        write(root() / "etc/hosts", "127.0.0.1 localhost");
    }
    EXPECT_FALSE(fs::exists(root() / "a/b"));
    EXPECT_TRUE(fs::exists(root() / "a/own"));
    EXPECT_TRUE(fs::exists(root() / "etc/hosts"));
}

TEST_F(MountPointsTest, RefuseLinksOnTheWay) {
    fs::create_directory_symlink(outside(), root() / "dev");
    fs::create_directory_symlink("../outside", root() / "up");
    fs::create_directory(root() / "real");
    fs::create_directory_symlink("real", root() / "inside");
    write(root() / "real/file", "");
    fs::create_symlink("file", root() / "real/link");
    fs::create_symlink("nowhere", root() / "dangling");
    for (const char* target :
         {"/dev", "/dev/new", "/dev/canary", "/up/x", "/inside/x", "/real/link", "/dangling"})
        expect_refused({target});
}

TEST_F(MountPointsTest, RefusePathsThatGoUp) {
    expect_refused({"/../outside"});
    expect_refused({"/a/../../outside/canary"});
}

TEST_F(MountPointsTest, FollowNoLinkThatTheStepMadeOfAStub) {
    {
        const MountPoints points{root(), {"/a/canary", "/b"}};
        fs::create_directory_symlink(outside(), root() / "a");
        fs::create_directory_symlink(outside(), root() / "b");
    }
    EXPECT_TRUE(fs::is_symlink(root() / "a"));
    EXPECT_TRUE(fs::is_symlink(root() / "b"));
}

}  // namespace
}  // namespace nacre::exec
