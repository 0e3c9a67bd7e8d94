#include "os/temp.hpp"

#include "support/temp_dir.hpp"

#include <gtest/gtest.h>

#include <fstream>

namespace nacre::os {
namespace {

TEST(TempDirTest, GoesWithAllThatIsInIt) {
    const test::TempDir parent;
    std::filesystem::path path;
    {
        const TempDir folder{parent.path(), "x"};
        path = folder.path();
        std::ofstream{path / "file"} << "content";
        EXPECT_TRUE(path.filename().string().starts_with("tmp-x"));
    }
    EXPECT_FALSE(std::filesystem::exists(path));
}

TEST(TempDirTest, StaysWhenKeptAndMovesWithItsOwner) {
    const test::TempDir parent;
    TempDir first{parent.path(), "x"};
    TempDir second{std::move(first)};
    const std::filesystem::path kept = second.keep();
    EXPECT_TRUE(std::filesystem::exists(kept));
}

TEST(SweepTemporaries, RemovesWhatDeadProcessesLeft) {
    const test::TempDir parent;
    const TempDir mine{parent.path(), "x"};
    std::string dead = mine.path().filename().string();
    // The name holds the process id between the last two hyphens: that of a process that cannot exist.
    const std::size_t number = dead.rfind('-');
    const std::size_t pid = dead.rfind('-', number - 1);
    dead.replace(pid + 1, number - pid - 1, "4194304");
    std::filesystem::create_directories(parent.path() / dead / "deep");
    std::filesystem::create_directory(parent.path() / "other");
    EXPECT_EQ(sweep_temporaries(parent.path()), 1);
    EXPECT_TRUE(std::filesystem::exists(mine.path()));
    EXPECT_TRUE(std::filesystem::exists(parent.path() / "other"));
}

}  // namespace
}  // namespace nacre::os
