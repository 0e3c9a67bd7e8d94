#include "output/layer_tree.hpp"

#include "base/error.hpp"
#include "support/code_of.hpp"

#include <gmock/gmock.h>

namespace nacre::output {
namespace {

using archive::EntryType;
using archive::TarEntry;
using testing::ElementsAre;
using testing::IsEmpty;

TarEntry file(const std::string& path) {
    return {.path = path};
}

TarEntry folder(const std::string& path) {
    return {.path = path, .type = EntryType::Directory, .mode = 0700};
}

TarEntry link(const std::string& path, const std::string& target) {
    return {.path = path, .type = EntryType::Symlink, .link_target = target};
}

TarEntry hard(const std::string& path, const std::string& target) {
    return {.path = path, .type = EntryType::Hardlink, .link_target = target};
}

LayerTree tree_of(const std::vector<std::vector<TarEntry>>& layers) {
    LayerTree tree;
    for (const auto& layer : layers)
        tree.add_layer(layer);
    return tree;
}

/// "a/ b a/c": folders with a slash, opaque ones with '!'.
std::vector<std::string> shown(const LayerTree& tree) {
    std::vector<std::string> paths;
    for (const auto& [path, node] : tree.nodes())
        paths.push_back(path + (node.is_folder ? "/" : "") + (node.is_opaque ? "!" : ""));
    return paths;
}

TEST(LayerTree, ShowsTheUpperEntryOfAPath) {
    const LayerTree tree = tree_of({{folder("a"), file("a/x"), file("a/y")}, {file("a/x")}});
    EXPECT_THAT(shown(tree), ElementsAre("a/", "a/x", "a/y"));
    EXPECT_EQ(tree.fate_of({0, 1}).path, "");
    EXPECT_EQ(tree.fate_of({0, 2}).path, "a/y");
    EXPECT_EQ(tree.fate_of({1, 0}).path, "a/x");
    EXPECT_EQ(tree.nodes().at("a").folder.mode, 0700U);
}

TEST(LayerTree, ObeysWhiteoutsWhereverTheyStand) {
    const LayerTree tree = tree_of(
        {{file("a/x"), file("a/y"), file("b")}, {file("a/z"), file("a/.wh.x"), file(".wh.b")}});
    EXPECT_THAT(shown(tree), ElementsAre("a/", "a/y", "a/z"));
    EXPECT_THAT(tree.whiteouts(), ElementsAre("a/x", "b"));
}

TEST(LayerTree, ForgetsAWhiteoutWhenTheFileComesBack) {
    const LayerTree tree = tree_of({{file("a")}, {file(".wh.a")}, {file("a")}});
    EXPECT_THAT(shown(tree), ElementsAre("a"));
    EXPECT_THAT(tree.whiteouts(), IsEmpty());
}

TEST(LayerTree, MakesAFolderOpaqueThatTakesThePlaceOfSomething) {
    EXPECT_THAT(
        shown(tree_of({{file(".wh.a")}, {folder("a"), file("a/x")}})), ElementsAre("a/!", "a/x"));
    EXPECT_THAT(shown(tree_of({{file("a")}, {folder("a")}})), ElementsAre("a/!"));
    EXPECT_THAT(shown(tree_of({{link("a", "b")}, {file("a/x")}})), ElementsAre("a/!", "a/x"));
    EXPECT_THAT(
        shown(tree_of({{file("a/x")}, {file("a/.wh..wh..opq"), file("a/y")}, {folder("a")}})),
        ElementsAre("a/!", "a/y"));
}

TEST(LayerTree, LetsAFileReplaceAFolderWithAllThatIsInIt) {
    const LayerTree tree = tree_of({{file("a/b/c"), file("ab")}, {file("a")}});
    EXPECT_THAT(shown(tree), ElementsAre("a", "ab"));
}

TEST(LayerTree, FollowsLinksOfTheSameLayerAsTheUnpackerDoes) {
    const LayerTree tree = tree_of(
        {{link("lib", "usr/lib"),
          folder("usr"),
          folder("usr/lib"),
          file("lib/x"),
          link("up", "../../usr"),
          file("up/y")}});
    EXPECT_THAT(shown(tree), ElementsAre("lib", "up", "usr/", "usr/lib/", "usr/lib/x", "usr/y"));
}

TEST(LayerTree, GivesAFileWhoseNameIsHiddenToItsNextName) {
    const LayerTree tree = tree_of(
        {{file("a"), hard("b", "a"), hard("c", "b"), hard("d", "/a")},
         {file(".wh.a")},
         {file(".wh.b")}});
    EXPECT_EQ(tree.fate_of({0, 0}).path, "c");
    EXPECT_EQ(tree.fate_of({0, 1}).path, "");
    EXPECT_EQ(tree.fate_of({0, 2}).path, "");
    EXPECT_EQ(tree.fate_of({0, 3}).path, "d");
    EXPECT_EQ(tree.fate_of({0, 3}).target, "c");
}

TEST(LayerTree, KeepsHardLinks) {
    const LayerTree tree = tree_of({{file("a"), hard("b", "./a")}});
    EXPECT_EQ(tree.fate_of({0, 0}).path, "a");
    EXPECT_EQ(tree.fate_of({0, 1}).path, "b");
    EXPECT_EQ(tree.fate_of({0, 1}).target, "a");
}

TEST(LayerTree, RefusesWhatNoHonestLayerHas) {
    for (const auto& layer : std::vector<std::vector<TarEntry>>{
             {file("a/../../b")},
             {file("a"), file("a/b")},
             {hard("a", "b")},
             {link("a", "a"), file("a/b")},
             {hard("a", "../b")}})
        EXPECT_EQ(test::code_of([&] { tree_of({layer}); }), ErrorCode::DataCorrupt);
}

TEST(LayerTree, DoesNotLinkAcrossLayers) {
    EXPECT_EQ(
        test::code_of([] { tree_of({{file("a")}, {hard("b", "a")}}); }), ErrorCode::DataCorrupt);
}

}  // namespace
}  // namespace nacre::output
