#include "source/ignore.hpp"

#include "base/error.hpp"
#include "source/ignored_tree.hpp"
#include "source/memory_tree.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace nacre::source {
namespace {

struct Case {
    std::string_view pattern;
    std::string_view path;
    bool matches;
};

TEST(PathPattern, MatchesAsMobyDoes) {
    const Case cases[] = {
        {"**", "file", true},
        {"**", "dir/file", true},
        {"**/", "dir/file", true},
        {"**/**", "dir/file", true},
        {"dir/**", "dir/file", true},
        {"dir/**", "dir/a/file", true},
        {"dir/**", "dir", false},
        {"dir/**", "other/dir/file", false},
        {"**/dir", "dir", true},
        {"**/dir", "a/b/dir", true},
        {"**/dir", "a/xdir", false},
        {"**/dir2/*", "dir/dir2/file", true},
        {"**/dir2/*", "dir/dir2/a/file", false},
        {"**/dir2/**", "dir/dir2/dir2/file", true},
        {"**file", "file", true},
        {"**file", "dir/file", true},
        {"**file", "dir/xfile", true},
        {"**/file", "dir/dir/file", true},
        {"**.log", "a/b/c.log", true},
        {"**/*.log", "c.log", true},
        {"a**b", "axb", false},
        {"a**b", "ax/b", true},
        {"a**/*a", "ab/za", true},
        {"a*", "ab", true},
        {"a*", "a/b", false},
        {"*", "a/b", false},
        {"a?c", "abc", true},
        {"a?c", "a/c", false},
        {"a[b-d]e", "ace", true},
        {"a[^b-d]e", "aze", true},
        {"a[^b-d]e", "ace", false},
        {"a[^b-d]e", "a/e", false},
        {"[]a]", "]", true},
        {"a\\*b", "a*b", true},
        {"a\\*b", "axb", false},
        {"a.b", "axb", false},
        {"(+$)", "(+$)", true},
        {"/a/b", "a/b", true},
        {"a/./b/../c", "a/c", true},
        {"a/", "a", true},
        {"*.go", "x.go", true},
        {"a*b*c", "axxbyyc", true},
        {"*x", "xxx", true},
        {"", "", false},
        {".", "a", false},
    };
    for (const Case& one : cases)
        EXPECT_EQ(PathPattern{one.pattern}.matches(one.path), one.matches)
            << one.pattern << " " << one.path;
}

TEST(PathPattern, MatchesWhatIsInAMatchingFolder) {
    EXPECT_TRUE(PathPattern{"a"}.matches_with_parents("a/b/c"));
    EXPECT_TRUE(PathPattern{"a/*"}.matches_with_parents("a/b/c"));
    EXPECT_TRUE(PathPattern{"**/b"}.matches_with_parents("a/b/c"));
    EXPECT_TRUE(PathPattern{"**.d"}.matches_with_parents("a.d/c"));
    EXPECT_FALSE(PathPattern{"a"}.matches_with_parents("ab/c"));
    EXPECT_FALSE(PathPattern{"a/*/d"}.matches_with_parents("a/b/c"));
}

TEST(PathPattern, RefusesWhatIsNotClosed) {
    for (const char* text : {"[", "a[b", "a[b-", "[]", "a\\"})
        EXPECT_THROW(PathPattern{text}, Error) << text;
}

TEST(PathPattern, TakesLinearTimeForHostilePatterns) {
    std::string pattern;
    for (int i = 0; i < 1000; ++i)
        pattern += "*a";
    EXPECT_FALSE(PathPattern{pattern + "b"}.matches(std::string(4000, 'a')));
}

IgnorePatterns patterns(std::string_view text) {
    IgnoreFile file = parse_ignore_file(text, ".dockerignore");
    EXPECT_TRUE(file.diagnostics.empty());
    return std::move(file.patterns);
}

TEST(IgnoreFile, LetsTheLastMatchingPatternDecide) {
    const IgnorePatterns rules = patterns("*\n!src\nsrc/*.o\n!src/keep.o\n");
    EXPECT_TRUE(rules.excludes("README"));
    EXPECT_FALSE(rules.excludes("src"));
    EXPECT_FALSE(rules.excludes("src/main.c"));
    EXPECT_TRUE(rules.excludes("src/main.o"));
    EXPECT_FALSE(rules.excludes("src/keep.o"));
    EXPECT_TRUE(patterns("!a\na\n").excludes("a"));
}

TEST(IgnoreFile, SkipsCommentsBlanksAndAByteOrderMark) {
    const IgnorePatterns rules = patterns("\xEF\xBB\xBF# comment\r\n\r\n  a  \r\n ! b \n");
    EXPECT_TRUE(rules.excludes("a"));
    EXPECT_FALSE(rules.excludes("# comment"));
    EXPECT_TRUE(rules.has_exceptions());
}

TEST(IgnoreFile, ReportsEveryBadLineWithItsNumber) {
    const IgnoreFile file = parse_ignore_file("ok\n!\na[\n", "x/.dockerignore");
    ASSERT_EQ(file.diagnostics.size(), 2U);
    EXPECT_EQ(file.diagnostics[0].line, 2);
    EXPECT_EQ(file.diagnostics[1].line, 3);
    EXPECT_EQ(file.diagnostics[1].message, "pattern 'a[' has a '[' without its ']'");
}

TEST(IgnoredTree, KeepsFoldersThatHoldWhatIsTakenBack) {
    MemoryTree inner;
    for (const char* path : {"a/x", "a/y", "b/x", "c"})
        inner.add_file(path, path);
    const IgnoredTree tree{inner, patterns("a\nb\nc\n!a/y\n")};
    std::vector<std::string> found;
    for (const Node& node : tree.walk(""))
        found.push_back(node.path);
    EXPECT_THAT(found, testing::ElementsAre("a", "a/y"));
    EXPECT_TRUE(tree.find("a"));
    EXPECT_FALSE(tree.find("a/x"));
    EXPECT_FALSE(tree.find("b"));
    EXPECT_THROW(static_cast<void>(tree.open(inner.find("c").value())), Error);
}

TEST(IgnoredTree, PrefersTheIgnoreFileOfTheDockerfile) {
    MemoryTree tree;
    EXPECT_EQ(find_ignore_file(tree, "Dockerfile").path, "");
    tree.add_file(".dockerignore", "a\n");
    EXPECT_EQ(find_ignore_file(tree, "Dockerfile").path, ".dockerignore");
    tree.add_file(".containerignore", "b\n");
    EXPECT_EQ(find_ignore_file(tree, "Dockerfile").path, ".containerignore");
    tree.add_file("sub/My.dockerignore", "c\n");
    const FoundIgnoreFile found = find_ignore_file(tree, "sub/My");
    EXPECT_EQ(found.path, "sub/My.dockerignore");
    EXPECT_TRUE(found.content.patterns.excludes("c"));
}

}  // namespace
}  // namespace nacre::source
