#include "os/file.hpp"

#include "base/error.hpp"
#include "os/file_lock.hpp"
#include "support/temp_dir.hpp"

#include <gtest/gtest.h>

#include <sys/stat.h>
#include <unistd.h>

#include <fstream>

namespace nacre::os {
namespace {

class FileTest : public testing::Test {
protected:
    std::filesystem::path at(const std::string& name) const { return folder_.path() / name; }

    std::size_t entries() const {
        return static_cast<std::size_t>(
            std::distance(std::filesystem::directory_iterator{folder_.path()}, {}));
    }

private:
    test::TempDir folder_;
};

TEST_F(FileTest, ReplacesAtomicallyAndLeavesNoTemporary) {
    write_file_atomically(at("f"), "one");
    write_file_atomically(at("f"), "two", Durability::Buffered, 0600);
    EXPECT_EQ(read_file(at("f"), 100), "two");
    EXPECT_EQ(entries(), 1U);
    struct stat status{};
    ::stat(at("f").c_str(), &status);
    EXPECT_EQ(status.st_mode & 07777U, 0600U);
}

TEST_F(FileTest, LeavesNothingWhenItFails) {
    EXPECT_THROW(write_file_atomically(at("no/such"), "x"), Error);
    EXPECT_EQ(entries(), 0U);
}

TEST_F(FileTest, TellsAbsenceFromFailure) {
    EXPECT_EQ(find_file(at("none"), 10), std::nullopt);
    EXPECT_THROW(read_file(at("none"), 10), SystemError);
    EXPECT_THROW(find_file("/proc", 10), Error);
}

TEST_F(FileTest, BoundsWhatIsRead) {
    write_file_atomically(at("f"), std::string(100, 'x'));
    EXPECT_EQ(read_file(at("f"), 100).size(), 100U);
    EXPECT_THROW(read_file(at("f"), 99), Error);
}

TEST_F(FileTest, RemovesTreesWithoutFollowingLinks) {
    std::filesystem::create_directories(at("tree/a/b"));
    std::ofstream{at("canary")} << "alive";
    std::filesystem::create_symlink(at("canary"), at("tree/a/link"));
    std::filesystem::create_directory_symlink("/", at("tree/root"));
    ::chmod(at("tree/a").c_str(), 0);
    remove_tree(at("tree"));
    EXPECT_FALSE(std::filesystem::exists(at("tree")));
    EXPECT_EQ(read_file(at("canary"), 100), "alive");
    remove_tree(at("tree"));
}

TEST_F(FileTest, ALockHasOneOwner) {
    auto lock = FileLock::try_acquire(at("lock"));
    ASSERT_TRUE(lock);
    EXPECT_FALSE(FileLock::try_acquire(at("lock")));
    EXPECT_THROW(FileLock::acquire(at("lock"), std::chrono::milliseconds{20}, {}), Error);
    lock.reset();
    EXPECT_TRUE(FileLock::try_acquire(at("lock")));
}

}  // namespace
}  // namespace nacre::os
