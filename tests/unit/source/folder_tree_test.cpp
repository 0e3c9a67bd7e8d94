#include "source/folder_tree.hpp"

#include "base/error.hpp"
#include "support/temp_dir.hpp"

#include <gtest/gtest.h>

#include <sys/stat.h>

#include <array>
#include <fstream>

namespace nacre::source {
namespace {

void write(const std::filesystem::path& path, const std::string& content) {
    std::ofstream{path, std::ios::binary} << content;
}

TEST(FolderTree, RefusesAnAbsentRoot) {
    EXPECT_THROW(FolderTree{"/nonexistent/folder"}, SystemError);
}

TEST(FolderTree, SaysWhenAFileChangedSinceItWasFound) {
    const test::TempDir folder;
    write(folder.path() / "f", "one");
    const FolderTree tree{folder.path()};
    const Node node = tree.find("f").value();
    write(folder.path() / "f", "longer");
    try {
        static_cast<void>(tree.open(node));
        FAIL();
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::Conflict);
    }
}

TEST(FolderTree, SaysWhenAFileChangedWhileItWasRead) {
    const test::TempDir folder;
    write(folder.path() / "f", "one");
    const FolderTree tree{folder.path()};
    const std::unique_ptr<ByteSource> source = tree.open(tree.find("f").value());
    std::array<std::byte, 100> buffer{};
    EXPECT_EQ(source->read(buffer), 3U);
    write(folder.path() / "f", "tw");
    EXPECT_THROW(source->read(buffer), Error);
}

TEST(FolderTree, DoesNotFollowAFileThatBecameALink) {
    const test::TempDir folder;
    write(folder.path() / "f", "one");
    const FolderTree tree{folder.path()};
    const Node node = tree.find("f").value();
    std::filesystem::remove(folder.path() / "f");
    std::filesystem::create_symlink("/etc/passwd", folder.path() / "f");
    EXPECT_THROW(static_cast<void>(tree.open(node)), Error);
    EXPECT_EQ(tree.find("f").value().type, NodeType::Symlink);
}

TEST(FolderTree, ShowsPipesAndNeverWaitsForThem) {
    const test::TempDir folder;
    ASSERT_EQ(::mkfifo((folder.path() / "p").c_str(), 0600), 0);
    const FolderTree tree{folder.path()};
    const Node node = tree.find("p").value();
    EXPECT_EQ(node.type, NodeType::Other);
    EXPECT_THROW(static_cast<void>(tree.open(node)), Error);
}

TEST(FolderTree, BoundsDepth) {
    const test::TempDir folder;
    std::filesystem::path deep = folder.path();
    for (std::size_t i = 0; i < kTreeDepthMax + 2; ++i)
        deep /= "d";
    std::filesystem::create_directories(deep);
    const FolderTree tree{folder.path()};
    EXPECT_THROW(static_cast<void>(tree.walk("")), Error);
}

}  // namespace
}  // namespace nacre::source
