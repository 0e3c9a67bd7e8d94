#include "os/temp.hpp"

#include "os/file.hpp"

#include <gtest/gtest.h>

#include <unistd.h>

namespace nacre::os {
namespace {

TEST(TempDir, IsGoneWithItsContent) {
    std::filesystem::path path;
    {
        const TempDir folder{testing::TempDir(), "temp-test"};
        path = folder.path();
        ensure_directory(path / "a/b");
        EXPECT_EQ(std::filesystem::status(path).permissions(), std::filesystem::perms::owner_all);
    }
    EXPECT_FALSE(std::filesystem::exists(path));
}

TEST(TempDir, BelongsToOneOwnerAtATime) {
    TempDir first{testing::TempDir(), "temp-test"};
    const auto path = first.path();
    TempDir second{std::move(first)};
    TempDir third{testing::TempDir(), "temp-test"};
    const auto replaced = third.path();
    third = std::move(second);
    EXPECT_FALSE(std::filesystem::exists(replaced));
    EXPECT_EQ(third.keep(), path);
    EXPECT_TRUE(std::filesystem::exists(path));
    remove_tree(path);
}

TEST(TempDir, SweepTakesOnlyWhatDeadProcessesLeft) {
    const TempDir folder{testing::TempDir(), "temp-test"};
    const TempDir mine{folder.path(), "with-dash"};
    // Nobody holds their locks, as after a kill.
    ensure_directory(folder.path() / "tmp-x-y-4194305-0/full");
    ensure_directory(folder.path() / "tmp-x-y");
    ensure_directory(folder.path() / "other-4194305-0");
    EXPECT_EQ(sweep_temporaries(folder.path()), 2);
    EXPECT_FALSE(std::filesystem::exists(folder.path() / "tmp-x-y-4194305-0"));
    EXPECT_TRUE(std::filesystem::exists(folder.path() / "other-4194305-0"));
    EXPECT_TRUE(std::filesystem::exists(mine.path()));
}

}  // namespace
}  // namespace nacre::os
