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

    ContainerSpec spec_with(const Strings& targets) const {
        ContainerSpec spec;
        spec.root = root();
        for (const std::string& target : targets)
            spec.mounts.push_back({.source = "/", .target = target});
        return spec;
    }

    void expect_refused(const std::string& target) const {
        ContainerSpec spec = spec_with({target});
        EXPECT_EQ(code_of([&] { MountPoints{spec}; }), ErrorCode::InvalidArgument) << target;
    }

    std::string resolved(const std::string& target) const {
        ContainerSpec spec = spec_with({target});
        const MountPoints points{spec};
        return spec.mounts.front().target;
    }

private:
    test::TempDir folder_;
};

TEST_F(MountPointsTest, TakeAwayTheStubsThatWereMade) {
    ContainerSpec spec = spec_with({"/a/b/c", "/etc/hosts"});
    {
        const MountPoints points{spec};
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
    ContainerSpec spec = spec_with({"/etc/hosts"});
    {
        const MountPoints points{spec};
    }
    EXPECT_TRUE(fs::exists(root() / "proc"));
    EXPECT_TRUE(fs::exists(root() / "etc/hosts"));
}

TEST_F(MountPointsTest, KeepWhatTheStepPutThere) {
    ContainerSpec spec = spec_with({"/a/b", "/etc/hosts"});
    {
        const MountPoints points{spec};
        fs::create_directories(root() / "a/b");
        write(root() / "a/own", "own");
        fs::create_directories(root() / "etc");
        write(root() / "etc/hosts", "127.0.0.1 localhost");
    }
    EXPECT_FALSE(fs::exists(root() / "a/b"));
    EXPECT_TRUE(fs::exists(root() / "a/own"));
    EXPECT_TRUE(fs::exists(root() / "etc/hosts"));
}

TEST_F(MountPointsTest, RefuseWhatIsALink) {
    fs::create_directory(root() / "real");
    write(root() / "real/file", "");
    fs::create_symlink("file", root() / "real/link");
    fs::create_symlink("nowhere", root() / "dangling");
    fs::create_directory_symlink(outside(), root() / "out");
    for (const char* target : {"/real/link", "/dangling", "/out", "/out/"})
        expect_refused(target);
}

TEST_F(MountPointsTest, RefuseOwnFoldersOfTheContainerThatAreLinks) {
    for (const char* name : {"dev", "proc", "sys"}) {
        fs::create_directory_symlink(outside(), root() / name);
        expect_refused("/somewhere");
        fs::remove(root() / name);
    }
}

TEST_F(MountPointsTest, ResolveLinksOnTheWayInsideTheRoot) {
    fs::create_directories(root() / "run");
    fs::create_directories(root() / "var");
    fs::create_directory_symlink("/run", root() / "var/run");
    fs::create_directory_symlink("../var/run", root() / "run/again");
    fs::create_directory_symlink(outside(), root() / "out");
    EXPECT_EQ(resolved("/var/run/secrets/x"), "/run/secrets/x");
    EXPECT_EQ(resolved("/run/again/x"), "/run/x");
    EXPECT_EQ(resolved("/out/canary"), outside().string() + "/canary");
    EXPECT_EQ(resolved("//a//./b/"), "/a/b");
}

TEST_F(MountPointsTest, ResolveTheFilesForNames) {
    fs::create_directories(root() / "etc");
    fs::create_symlink("../run/systemd/resolve/stub.conf", root() / "etc/resolv.conf");
    EXPECT_EQ(resolved("/etc/resolv.conf"), "/run/systemd/resolve/stub.conf");
}

TEST_F(MountPointsTest, RefusePathsThatGoUpOrInCircles) {
    fs::create_directory_symlink("../outside", root() / "up");
    fs::create_directory_symlink("b", root() / "a");
    fs::create_directory_symlink("a", root() / "b");
    for (const char* target : {"/../outside", "/x/../../outside/canary", "/up/x", "/a/x", "/"})
        expect_refused(target);
}

TEST_F(MountPointsTest, NameTheFoldersThatStubsAreMadeIn) {
    fs::create_directories(root() / "etc");
    fs::create_directories(root() / "run");
    EXPECT_EQ(folders_of_stubs(spec_with({"/run/a/b", "/new/x"})), (Strings{"run", "etc"}));
}

TEST_F(MountPointsTest, FollowNoLinkThatTheStepMadeOfAStub) {
    ContainerSpec spec = spec_with({"/a/canary", "/b"});
    {
        const MountPoints points{spec};
        fs::create_directory_symlink(outside(), root() / "a");
        fs::create_directory_symlink(outside(), root() / "b");
    }
    EXPECT_TRUE(fs::is_symlink(root() / "a"));
    EXPECT_TRUE(fs::is_symlink(root() / "b"));
}

}  // namespace
}  // namespace nacre::exec
