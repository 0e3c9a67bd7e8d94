#include "base/text.hpp"

#include <gtest/gtest.h>

namespace nacre {
namespace {

TEST(Text, SplitsAndJoins) {
    EXPECT_EQ(split("a,,b", ','), (std::vector<std::string>{"a", "", "b"}));
    EXPECT_EQ(split("", ','), std::vector<std::string>{""});
    EXPECT_EQ(split_words("  a\tb \n"), (std::vector<std::string>{"a", "b"}));
    EXPECT_EQ(join({"a", "b"}, ", "), "a, b");
    EXPECT_EQ(trim(" a b\n"), "a b");
    EXPECT_EQ(trim(" \n"), "");
    EXPECT_EQ(replace_all("aXbX", "X", "--"), "a--b--");
}

TEST(Text, ParsesWholeIntegersOnly) {
    EXPECT_EQ(parse_integer("-12"), -12);
    for (const char* text : {"", "1x", " 1", "+1", "99999999999999999999"})
        EXPECT_EQ(parse_integer(text), std::nullopt) << text;
}

TEST(Text, QuotesWhatCouldConfuseATerminal) {
    EXPECT_EQ(quoted("a\x1b[2J\nb\xFF"), "'a\\x1b[2J\\nb\\xff'");
    EXPECT_EQ(quoted("gr\xC3\xBC\xC3\x9F"), "'gr\xC3\xBC\xC3\x9F'");
    EXPECT_EQ(quoted("abcdef", 3), "'abc...'");
}

TEST(Text, SanitizesForXml) {
    EXPECT_EQ(sanitize_utf8("a\tb\nc"), "a\tb\nc");
    EXPECT_EQ(
        sanitize_utf8(std::string_view{"\0\x1b\x7f", 3}), "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD");
    EXPECT_EQ(sanitize_utf8("\xC0\x80"), "\xEF\xBF\xBD\xEF\xBF\xBD");
    EXPECT_EQ(sanitize_utf8("\xED\xA0\x80"), "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD");
    EXPECT_EQ(sanitize_utf8("\xF0\x9F\x90\x9A"), "\xF0\x9F\x90\x9A");
}

TEST(Text, MatchesGlobs) {
    EXPECT_TRUE(matches_glob("/container/*", "/container/httpd"));
    EXPECT_TRUE(matches_glob("*a*b", "xaxbxb"));
    EXPECT_TRUE(matches_glob("f[0-9]?", "f40"));
    EXPECT_TRUE(matches_glob("[!a]*", "bc"));
    EXPECT_TRUE(matches_glob("a[", "a["));
    EXPECT_FALSE(matches_glob("[!a]*", "ab"));
    EXPECT_FALSE(matches_glob("a*", "ba"));
    EXPECT_FALSE(matches_glob("", "a"));
}

TEST(Text, GlobsDoNotExplode) {
    std::string pattern;
    for (int i = 0; i < 200; ++i)
        pattern += "a*";
    EXPECT_FALSE(matches_glob(pattern + "b", std::string(5000, 'a')));
}

TEST(Text, FindsWhatAPersonMeant) {
    EXPECT_EQ(nearest("RUNN", {"FROM", "RUN", "COPY"}), "RUN");
    EXPECT_EQ(nearest("zebra", {"FROM", "RUN"}), std::nullopt);
}

}  // namespace
}  // namespace nacre
