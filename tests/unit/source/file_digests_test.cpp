#include "source/file_digests.hpp"

#include "os/file.hpp"
#include "source/folder_tree.hpp"
#include "support/temp_dir.hpp"

#include <gmock/gmock.h>

#include <fstream>

namespace nacre::source {
namespace {

const std::string kKey = "sha256:" + std::string(62, 'a') + "0f";

class FileDigestsTest : public testing::Test {
protected:
    FileDigestsTest() { write("f", "text"); }

    void write(const std::string& name, const std::string& text) {
        std::ofstream{folder_.path() / "context" / name, std::ios::binary} << text;
    }

    std::filesystem::path context() const { return folder_.path() / "context"; }

    std::filesystem::path file() const { return folder_.path() / "cache" / "digests"; }

    std::string known(const std::string& name = "f") {
        FileDigests digests{file(), clock};
        return FolderTree{context(), &digests}.find(name).value().content_key;
    }

    void learn(const std::string& key = kKey) {
        FileDigests digests{file(), clock};
        const FolderTree tree{context(), &digests};
        for (const Node& node : tree.walk(""))
            if (node.type == NodeType::File) tree.remember(node, key);
        digests.save();
    }

private:
    struct Folder : test::TempDir {
        Folder() { std::filesystem::create_directory(path() / "context"); }
    };

    Folder folder_;

protected:
    /// Later than the files by more than the time that they need to settle.
    ManualClock clock{SystemClock{}.wall_now() + std::chrono::hours{1}};
};

TEST_F(FileDigestsTest, KnowsAFileAgainThatDidNotChange) {
    EXPECT_EQ(known(), "");
    learn();
    EXPECT_EQ(known(), kKey);
    write("new", "");
    EXPECT_EQ(known("new"), "");
    learn();
    EXPECT_EQ(known("new"), kKey);
    EXPECT_EQ(known("f"), kKey);
}

TEST_F(FileDigestsTest, KnowsNoFileThatWasWrittenToOrReplaced) {
    learn();
    // The same size, and a time that was set back: the kernel's own one moves all the same.
    const auto time = std::filesystem::last_write_time(context() / "f");
    write("f", "TEXT");
    std::filesystem::last_write_time(context() / "f", time);
    EXPECT_EQ(known(), "");
    learn();
    write("other", "text");
    std::filesystem::last_write_time(context() / "other", time);
    std::filesystem::rename(context() / "other", context() / "f");
    EXPECT_EQ(known(), "");
}

TEST_F(FileDigestsTest, KeepsNothingOfAFileThatChangedJustNow) {
    ManualClock now{SystemClock{}.wall_now()};
    FileDigests digests{file(), now};
    const FolderTree tree{context(), &digests};
    tree.remember(tree.find("f").value(), kKey);
    digests.save();
    EXPECT_EQ(known(), "");
}

TEST_F(FileDigestsTest, KeepsNothingOfAFileThatChangedSinceItWasFound) {
    FileDigests digests{file(), clock};
    const FolderTree tree{context(), &digests};
    const Node node = tree.find("f").value();
    write("f", "TEXT");
    tree.remember(node, kKey);
    digests.save();
    EXPECT_EQ(known(), "");
}

TEST_F(FileDigestsTest, KeepsOnlyKeysThatItCanSay) {
    for (const char* key : {"", "git:abc", "sha256:abc", "sha512:0"})
        learn(key);
    learn("sha256:" + std::string(64, 'G'));
    EXPECT_EQ(known(), "");
}

TEST_F(FileDigestsTest, TakesADamagedFileForAnEmptyOne) {
    learn();
    const std::string whole = os::read_file(file(), 4096);
    for (std::size_t size = 0; size < whole.size(); ++size) {
        os::write_file_atomically(file(), whole.substr(0, size), os::Durability::Buffered);
        EXPECT_EQ(known(), "") << size;
    }
    os::write_file_atomically(file(), whole, os::Durability::Buffered);
    EXPECT_EQ(known(), kKey);
}

}  // namespace
}  // namespace nacre::source
