#include "os/file.hpp"

#include "base/error.hpp"
#include "base/thread_group.hpp"
#include "os/directory.hpp"
#include "os/file_lock.hpp"
#include "os/temp.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>

namespace nacre::os {
namespace {

class FileTest : public testing::Test {
protected:
    TempDir folder_{testing::TempDir(), "file-test"};

    std::filesystem::path path(std::string_view name) const { return folder_.path() / name; }

    std::vector<std::string> names() const {
        std::vector<std::string> names;
        auto folder = Directory::open(folder_.path());
        while (auto entry = folder.next())
            names.push_back(entry->name);
        return names;
    }
};

using OsFile = FileTest;

TEST_F(OsFile, ReadsBackWhatItReplaced) {
    write_file_atomically(path("a"), "one");
    write_file_atomically(path("a"), "two", Durability::Buffered, 0600);
    EXPECT_EQ(read_file(path("a"), 3), "two");
    EXPECT_THAT(names(), testing::ElementsAre("a"));
    struct stat status = {};
    ASSERT_EQ(::stat(path("a").c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777U, 0600U);
}

TEST_F(OsFile, LeavesNoTemporaryFileWhenTheReplacementFails) {
    ensure_directory(path("a/b"));
    EXPECT_THROW(write_file_atomically(path("a"), "x"), SystemError);
    EXPECT_THAT(names(), testing::ElementsAre("a"));
}

TEST_F(OsFile, RefusesMoreThanTheLimit) {
    write_file_atomically(path("a"), "1234", Durability::Buffered);
    try {
        read_file(path("a"), 3);
        FAIL() << "nothing was thrown";
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::ResourceExhausted);
        EXPECT_THAT(error.describe(), testing::HasSubstr("a': more than the 3 bytes"));
    }
}

TEST_F(OsFile, AbsenceIsNoErrorForFind) {
    EXPECT_EQ(find_file(path("none"), 1), std::nullopt);
    EXPECT_EQ(find_file(path("none/below"), 1), std::nullopt);
    try {
        read_file(path("none"), 1);
        FAIL() << "nothing was thrown";
    } catch (const SystemError& error) {
        EXPECT_EQ(error.code(), ErrorCode::NotFound);
        EXPECT_THAT(error.describe(), testing::HasSubstr("none'"));
    }
}

TEST_F(OsFile, CreatesTheFoldersOnTheWay) {
    ensure_directory(path("a/b/c/"));
    ensure_directory(path("a/b/c"));
    EXPECT_TRUE(std::filesystem::is_directory(path("a/b/c")));
    write_file_atomically(path("f"), "", Durability::Buffered);
    EXPECT_THROW(ensure_directory(path("f")), SystemError);
    EXPECT_THROW(ensure_directory(path("f/x")), SystemError);
}

TEST_F(OsFile, RemovesTreesWithoutFollowingLinks) {
    ensure_directory(path("outside"));
    write_file_atomically(path("outside/keep"), "x", Durability::Buffered);
    ensure_directory(path("tree/a/b"));
    std::filesystem::create_symlink(path("outside"), path("tree/a/link"));
    std::filesystem::permissions(path("tree/a/b"), std::filesystem::perms::none);
    remove_tree(path("tree"));
    std::filesystem::create_symlink(path("outside"), path("link"));
    remove_tree(path("link"));
    remove_tree(path("not-there"));
    remove_tree(path("neither/this"));
    EXPECT_THAT(names(), testing::ElementsAre("outside"));
    EXPECT_EQ(read_file(path("outside/keep"), 10), "x");
}

TEST_F(OsFile, RemovesFoldersDeeperThanDescriptorsReach) {
    constexpr int kDepth = 300;
    rlimit before = {};
    ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
    const rlimit few{128, before.rlim_max};
    ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &few), 0);
    UniqueFd level = open_file(folder_.path(), O_RDONLY | O_DIRECTORY);
    for (int depth = 0; depth < kDepth; ++depth) {
        ASSERT_EQ(::mkdirat(level.get(), "d", 0700), 0);
        level.reset(::openat(level.get(), "d", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
        ASSERT_TRUE(level);
    }
    EXPECT_NO_THROW(remove_tree(path("d")));
    ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
    EXPECT_THAT(names(), testing::IsEmpty());
}

TEST_F(OsFile, RemovesAFileByItsName) {
    write_file_atomically(path("a"), "x", Durability::Buffered);
    remove_tree(path("a"));
    EXPECT_THAT(names(), testing::IsEmpty());
}

TEST_F(OsFile, ALockIsHeldOnce) {
    auto lock = FileLock::try_acquire(path("lock"));
    ASSERT_TRUE(lock);
    EXPECT_FALSE(FileLock::try_acquire(path("lock")));
    try {
        FileLock::acquire(path("lock"), std::chrono::milliseconds{3}, {});
        FAIL() << "nothing was thrown";
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::DeadlineExceeded);
    }
    std::stop_source stop;
    stop.request_stop();
    EXPECT_THROW(
        FileLock::acquire(path("lock"), std::chrono::hours{1}, stop.get_token()), Cancelled);
    lock.reset();
    EXPECT_NO_THROW(FileLock::acquire(path("lock"), std::chrono::milliseconds{0}, {}));
}

TEST_F(FileTest, RemovesALockFileOnlyWhileItIsHeld) {
    constexpr auto kRemove = FileLock::Afterwards::Remove;
    constexpr std::chrono::milliseconds kNow{0};
    {
        const auto lock = FileLock::acquire(path("once"), kNow, {}, kRemove);
        EXPECT_THROW(FileLock::acquire(path("once"), kNow, {}, kRemove), Error);
        EXPECT_TRUE(std::filesystem::exists(path("once")));
    }
    EXPECT_FALSE(std::filesystem::exists(path("once")));
}

TEST_F(FileTest, LetsOneAtATimeThroughALockThatIsRemoved) {
    std::atomic<int> inside = 0;
    std::atomic<int> done = 0;
    {
        ThreadGroup group;
        for (int thread = 0; thread < 4; ++thread)
            group.start("locker", [&](const std::stop_token&) {
                for (int i = 0; i < 50; ++i) {
                    const auto lock = FileLock::acquire(
                        path("once"), std::chrono::minutes{1}, {}, FileLock::Afterwards::Remove);
                    EXPECT_EQ(++inside, 1);
                    --inside;
                    ++done;
                }
            });
        group.join();
    }
    EXPECT_EQ(done, 200);
    EXPECT_FALSE(std::filesystem::exists(path("once")));
}

TEST_F(OsFile, ReadsTheNamesOfAFolderAgain) {
    ensure_directory(path("a"));
    auto folder = Directory::open(folder_.path());
    EXPECT_TRUE(folder.next());
    EXPECT_FALSE(folder.next());
    folder.rewind();
    EXPECT_EQ(folder.next()->name, "a");
    EXPECT_THROW(Directory::open(path("none")), SystemError);
}

}  // namespace
}  // namespace nacre::os
