#include "engine/copy_sources.hpp"

#include "source/memory_tree.hpp"
#include "support/code_of.hpp"

#include <gmock/gmock.h>

namespace nacre::engine {
namespace {

using test::code_of;
using test::message_of;
using Strings = std::vector<std::string>;

source::MemoryTree make_tree() {
    source::MemoryTree tree;
    tree.add_file("a.txt", "a");
    tree.add_file("b.txt", "b");
    tree.add_file("app/main.c", "main");
    tree.add_file("app/lib/one.c", "1");
    tree.add_folder("app/empty");
    tree.add_symlink("to-file", "a.txt");
    tree.add_symlink("to-folder", "/app");
    tree.add_symlink("app/up", "../a.txt");
    tree.add_symlink("out", "../../../etc/passwd");
    tree.add_symlink("loop", "loop");
    return tree;
}

/// "target <- path", and "(one)" in front when it may give the destination its name.
Strings select(
    const std::string& word,
    const Strings& excludes = {},
    ParentFolders parents = ParentFolders::Leave) {
    const source::MemoryTree tree = make_tree();
    const CopySelection selection = select_sources(tree, word, {excludes, parents});
    Strings lines;
    for (const CopyItem& item : selection.items)
        lines.push_back(item.target + " <- " + item.node.path);
    if (selection.single_file) lines.insert(lines.begin(), "(one)");
    return lines;
}

const Strings kApp{
    "empty <- app/empty",
    "lib <- app/lib",
    "lib/one.c <- app/lib/one.c",
    "main.c <- app/main.c",
    "up <- app/up"};

TEST(SelectSources, TakesAFile) {
    EXPECT_EQ(select("a.txt"), (Strings{"(one)", "a.txt <- a.txt"}));
    EXPECT_EQ(select("app/main.c"), (Strings{"(one)", "main.c <- app/main.c"}));
}

TEST(SelectSources, TakesWhatIsInAFolder) {
    for (const char* word : {"app", "app/", "/app", "./app/.", "x/../app"})
        EXPECT_EQ(select(word), kApp) << word;
}

TEST(SelectSources, TakesTheWholeTree) {
    EXPECT_EQ(select(".").size(), 12U);
    EXPECT_EQ(select("/"), select("."));
    EXPECT_EQ(select("../.."), select("."));
}

TEST(SelectSources, MatchesInsideOneName) {
    EXPECT_EQ(select("*.txt"), (Strings{"a.txt <- a.txt", "b.txt <- b.txt"}));
    EXPECT_EQ(select("a.?xt"), (Strings{"(one)", "a.txt <- a.txt"}));
    EXPECT_EQ(select("app/[l-m]*.c"), (Strings{"(one)", "main.c <- app/main.c"}));
    EXPECT_EQ(select("app/*/one.c"), (Strings{"(one)", "one.c <- app/lib/one.c"}));
}

TEST(SelectSources, FollowsALinkThatIsNamed) {
    EXPECT_EQ(select("to-file"), (Strings{"(one)", "to-file <- a.txt"}));
    EXPECT_EQ(select("app/up"), (Strings{"(one)", "up <- a.txt"}));
    EXPECT_EQ(select("to-folder"), kApp);
    EXPECT_EQ(select("to-folder/main.c"), (Strings{"(one)", "main.c <- app/main.c"}));
}

TEST(SelectSources, NeverLeavesTheTree) {
    for (const char* word : {"out", "loop", "../etc/passwd", "/etc/passwd", "a.txt/x"})
        EXPECT_EQ(code_of([&] { select(word); }), ErrorCode::NotFound) << word;
}

TEST(SelectSources, LeavesOutWhatIsExcludedBelowAFolder) {
    EXPECT_EQ(
        select("app", {"lib", "**/up"}), (Strings{"empty <- app/empty", "main.c <- app/main.c"}));
    EXPECT_EQ(
        select("ap*", {"*.c", "*/*.c"}),
        (Strings{"empty <- app/empty", "lib <- app/lib", "up <- app/up"}));
    EXPECT_EQ(select("app", {"app/lib"}), kApp);
}

TEST(SelectSources, TakesBackWhatAnExceptionNames) {
    EXPECT_EQ(
        select("app", {"*", "!lib/one.c"}),
        (Strings{"lib <- app/lib", "lib/one.c <- app/lib/one.c"}));
}

TEST(SelectSources, NeverExcludesWhatWasNamedItself) {
    EXPECT_EQ(select("a.txt", {"*.txt"}), (Strings{"(one)", "a.txt <- a.txt"}));
    EXPECT_EQ(select("*.txt", {"b.txt"}), select("*.txt"));
}

TEST(SelectSources, TakesParentFoldersAlong) {
    const auto with_parents = [](const std::string& word, const Strings& excludes = {}) {
        return select(word, excludes, ParentFolders::Take);
    };
    const Strings one{"app <- app", "app/lib <- app/lib", "app/lib/one.c <- app/lib/one.c"};
    EXPECT_EQ(with_parents("app/lib/one.c"), one);
    EXPECT_EQ(with_parents("./app/lib"), one);
    EXPECT_EQ(
        with_parents("app/**/*.c"),
        (Strings{
            "app <- app",
            "app/lib <- app/lib",
            "app/lib/one.c <- app/lib/one.c",
            "app/main.c <- app/main.c"}));
    EXPECT_EQ(
        with_parents("app/./lib/one.c"), (Strings{"lib <- app/lib", "lib/one.c <- app/lib/one.c"}));
    EXPECT_EQ(with_parents("a*/./lib"), with_parents("app/./lib"));
    EXPECT_EQ(
        with_parents("app", {"app/[!l]*", "**/lib", "**/up", "**/main.c"}),
        (Strings{"app <- app", "app/empty <- app/empty"}));
    EXPECT_EQ(with_parents("*.md"), Strings{});
    EXPECT_EQ(code_of([&] { with_parents("app/lib/two.c"); }), ErrorCode::NotFound);
}

TEST(SelectSources, GivesNothingForAPatternWithoutMatch) {
    EXPECT_EQ(select("*.md"), Strings{});
    EXPECT_EQ(select("none/*"), Strings{});
}

TEST(SelectSources, TakesTwoStarsForOneWithoutParents) {
    EXPECT_EQ(select("**/*.c"), (Strings{"(one)", "main.c <- app/main.c"}));
}

TEST(SelectSources, SaysWhatIsNear) {
    const auto missing = [] { select("ap.txt"); };
    EXPECT_EQ(code_of(missing), ErrorCode::NotFound);
    EXPECT_THAT(message_of(missing), testing::HasSubstr("'ap.txt' is not in the build context"));
}

}  // namespace
}  // namespace nacre::engine
