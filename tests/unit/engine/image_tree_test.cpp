#include "engine/image_tree.hpp"

#include "base/error.hpp"
#include "support/code_of.hpp"

#include <gmock/gmock.h>

namespace nacre::engine {
namespace {

using archive::EntryType;
using archive::TarEntry;
using LastLink = ImageTree::LastLink;

TarEntry folder(const std::string& path, std::uint32_t mode = 0755) {
    return {.path = path, .type = EntryType::Directory, .mode = mode};
}

TarEntry file(const std::string& path, std::uint32_t mode = 0644) {
    return {.path = path, .mode = mode};
}

TarEntry link(const std::string& path, const std::string& target) {
    return {.path = path, .type = EntryType::Symlink, .link_target = target};
}

class ImageTreeTest : public testing::Test {
protected:
    std::string target(const std::string& path) {
        const auto place = tree.locate(path, LastLink::Follow);
        if (!place) return "unreachable";
        return place->path + (place->node == nullptr ? " (absent)" : "");
    }

    ImageTree tree;
};

TEST_F(ImageTreeTest, LaysLayersOverEachOther) {
    tree.apply({folder("a", 0700), file("a/x"), file("a/y"), file("b")});
    tree.apply({folder("a", 0711), file("a/x", 0600), folder("b"), file("b/c")});
    EXPECT_EQ(tree.find("a")->mode, 0711U);
    EXPECT_EQ(tree.find("a/x")->mode, 0600U);
    EXPECT_EQ(tree.find("a/x")->layer, 1U);
    EXPECT_EQ(tree.find("a/y")->layer, 0U);
    EXPECT_TRUE(tree.find("b")->is_folder());
    EXPECT_NE(tree.find("b/c"), nullptr);
    tree.apply({file("b")});
    EXPECT_EQ(tree.find("b/c"), nullptr);
}

TEST_F(ImageTreeTest, RemovesWhatWhiteoutsNameOfLowerLayersOnly) {
    tree.apply({folder("a"), file("a/x"), file("a/y"), folder("o"), file("o/x"), file("z")});
    tree.apply(
        {file("a/x"),
         file("a/.wh.x"),
         file("a/.wh.y"),
         file("o/new"),
         file("o/.wh..wh..opq"),
         file(".wh.z"),
         file(".wh.unknown")});
    EXPECT_EQ(tree.find("a/x")->layer, 1U);
    EXPECT_EQ(tree.find("a/y"), nullptr);
    EXPECT_EQ(tree.find("o/x"), nullptr);
    EXPECT_NE(tree.find("o/new"), nullptr);
    EXPECT_EQ(tree.find("z"), nullptr);
}

TEST_F(ImageTreeTest, FindsPathsHoweverTheyAreWritten) {
    tree.apply({folder("./a/"), file("/a//b")});
    for (const char* path : {"a/b", "/a/b", "./a/./b", "a//b", "../../a/../a/b"})
        EXPECT_NE(tree.find(path), nullptr) << path;
    EXPECT_EQ(target("/"), "");
    EXPECT_EQ(target(".."), "");
}

TEST_F(ImageTreeTest, FollowsLinksAsTheKernelDoes) {
    tree.apply(
        {folder("usr/lib"),
         link("lib", "usr/lib"),
         link("abs", "/lib/"),
         link("usr/up", "../../../usr"),
         file("usr/lib/x"),
         link("usr/lib/rel", "x"),
         link("dangling", "usr/none"),
         link("far", "no/such")});
    EXPECT_EQ(target("lib/x"), "usr/lib/x");
    EXPECT_EQ(target("abs/rel"), "usr/lib/x");
    EXPECT_EQ(target("usr/up/lib/x"), "usr/lib/x");
    EXPECT_EQ(target("lib/../lib"), "usr/lib");
    EXPECT_EQ(target("lib/../x"), "usr/x (absent)");
    EXPECT_EQ(target("dangling"), "usr/none (absent)");
    EXPECT_EQ(target("far"), "unreachable");
    EXPECT_EQ(target("usr/lib/x/y"), "unreachable");
    EXPECT_EQ(tree.locate("lib", LastLink::Keep)->path, "lib");
    EXPECT_EQ(tree.locate("lib/", LastLink::Keep)->path, "usr/lib");
}

TEST_F(ImageTreeTest, RefusesLinksThatGoRoundInCircles) {
    tree.apply({link("a", "b"), link("b", "a"), link("self", "self/x")});
    EXPECT_EQ(test::code_of([&] { tree.find_target("a"); }), ErrorCode::InvalidArgument);
    EXPECT_EQ(test::code_of([&] { tree.find_target("self"); }), ErrorCode::InvalidArgument);
}

TEST_F(ImageTreeTest, KnowsHardLinksByWhatTheyAreLinksTo) {
    tree.apply(
        {file("a", 0751),
         {.path = "b", .type = EntryType::Hardlink, .link_target = "a"},
         {.path = "c", .type = EntryType::Hardlink, .link_target = "none"}});
    EXPECT_EQ(tree.find("b")->type, EntryType::File);
    EXPECT_EQ(tree.find("b")->mode, 0751U);
    EXPECT_EQ(tree.find("b")->content_path, "a");
    EXPECT_EQ(tree.find("c"), nullptr);
}

TEST_F(ImageTreeTest, MakesFoldersThatALayerDoesNotMention) {
    tree.apply({file("a/b/c"), link("l", "a")});
    EXPECT_EQ(tree.find("a/b")->mode, 0755U);
    // A layer is unpacked without what is below it: a link of a lower layer is hidden by the folder.
    tree.apply({file("l/x")});
    EXPECT_TRUE(tree.find("l")->is_folder());
    EXPECT_EQ(tree.find("a/x"), nullptr);
    // One of its own is followed.
    tree.apply({folder("d"), link("m", "d"), file("m/x")});
    EXPECT_EQ(target("m/x"), "d/x");
}

}  // namespace
}  // namespace nacre::engine
