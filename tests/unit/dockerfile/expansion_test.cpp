#include "dockerfile/expansion.hpp"

#include "base/error.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace nacre::dockerfile {
namespace {

using testing::ElementsAre;
using testing::UnorderedElementsAre;

const Variables& variables() {
    static const Variables kVariables{
        {{"x", "value"},
         {"empty", ""},
         {"path", "/usr/lib/libc.so.6"},
         {"list", "a b  c"},
         {"glob", "a*b"}}};
    return kVariables;
}

Expansion run(std::string_view raw, const ExpansionOptions& options = {}) {
    return expand(raw, [](std::string_view name) { return variables().find(name); }, options);
}

struct Case {
    std::string_view raw;
    std::string_view value;
};

TEST(Expansion, GivesTheValueOfEachForm) {
    const Case cases[] = {
        {"plain", "plain"},
        {"$x", "value"},
        {"${x}", "value"},
        {"$x.y", "value.y"},
        {"${x}y", "valuey"},
        {"$xy", ""},
        {"a$", "a$"},
        {"$/", "$/"},
        {"${unset:-w}", "w"},
        {"${unset-w}", "w"},
        {"${empty:-w}", "w"},
        {"${empty-w}", ""},
        {"${x:-w}", "value"},
        {"${unset:+w}", ""},
        {"${x:+w}", "w"},
        {"${empty:+w}", ""},
        {"${empty+w}", "w"},
        {"${x:?m}", "value"},
        {"${empty?m}", ""},
        {"${unset:-${x}}", "value"},
        {"${unset:-${empty:-deep}}", "deep"},
        {"${unset:-\"a } b\"}", "a } b"},
        {"${path#*/}", "usr/lib/libc.so.6"},
        {"${path##*/}", "libc.so.6"},
        {"${path%.*}", "/usr/lib/libc.so"},
        {"${path%%.*}", "/usr/lib/libc"},
        {"${path#/usr}", "/lib/libc.so.6"},
        {"${path#nothing}", "/usr/lib/libc.so.6"},
        {"${path/lib/LIB}", "/usr/LIB/libc.so.6"},
        {"${path//lib/LIB}", "/usr/LIB/LIBc.so.6"},
        {"${path/l?b/-}", "/usr/-/libc.so.6"},
        {"${path//s/}", "/ur/lib/libc.o.6"},
        {"${glob/\\*/+}", "a+b"},
        {"${unset#x}", ""},
    };
    for (const Case& one : cases)
        EXPECT_EQ(run(one.raw).text, one.value) << one.raw;
}

TEST(Expansion, TreatsQuotesAndEscapesAsAShellDoes) {
    const Case cases[] = {
        {"'$x'", "$x"},
        {"\"$x\"", "value"},
        {"\"'$x'\"", "'value'"},
        {"'a'\"b\"c", "abc"},
        {R"(\$x)", "$x"},
        {R"(\\$x)", "\\value"},
        {R"(a\ b)", "a b"},
        {R"("a\"b")", "a\"b"},
        {R"("a\$x")", "a$x"},
        {R"("a\n")", "a\\n"},
        {R"('a\n')", "a\\n"},
        {R"(a\n)", "an"},
        {"\"\"", ""},
    };
    for (const Case& one : cases)
        EXPECT_EQ(run(one.raw).text, one.value) << one.raw;
}

TEST(Expansion, UsesTheEscapeCharacterOfTheFile) {
    EXPECT_EQ(run(R"(c:\dir\$x)", {.escape = '`'}).text, R"(c:\dir\value)");
    EXPECT_EQ(run("`$x", {.escape = '`'}).text, "$x");
}

TEST(Expansion, LeavesQuotesOfDocumentsAlone) {
    EXPECT_EQ(run("it's \"$x\"\n", {.quotes = Quotes::Plain}).text, "it's \"value\"\n");
}

TEST(Expansion, SplitsUnquotedValuesIntoWords) {
    EXPECT_THAT(
        run("80 $list \"$list\" x$list").words,
        ElementsAre("80", "a", "b", "c", "a b  c", "xa", "b", "c"));
    EXPECT_THAT(run("$empty").words, ElementsAre());
    EXPECT_THAT(run("\"\"").words, ElementsAre(""));
    EXPECT_THAT(run(R"(a\ b)").words, ElementsAre("a b"));
}

TEST(Expansion, RecordsWhichVariablesWereUsedAndWhichWereMissing) {
    const Expansion result = run("$x ${empty:-d} $nothing ${other:-d} ${third:+d} ${fourth%p}");
    EXPECT_THAT(result.used, UnorderedElementsAre("x", "empty"));
    EXPECT_THAT(result.unset, UnorderedElementsAre("nothing", "fourth"));
}

TEST(Expansion, RefusesWhatIsNotClosedOrUnknown) {
    for (const std::string_view raw :
         {"${x",
          "${",
          "${}",
          "${:x}",
          "${{x}",
          "${x!y}",
          "${x:#y}",
          "\"a",
          "'a",
          "${x:-",
          "${x/a",
          "${x/a/b"}) {
        try {
            run(raw);
            ADD_FAILURE() << raw;
        } catch (const Error& error) {
            EXPECT_EQ(error.code(), ErrorCode::InvalidArgument) << raw;
        }
    }
}

TEST(Expansion, NamesTheVariableThatIsRequired) {
    try {
        run("${unset:?give a version}");
        FAIL();
    } catch (const Error& error) {
        EXPECT_STREQ(error.what(), "variable 'unset' is missing: give a version");
    }
    EXPECT_THROW(run("${empty:?}"), Error);
}

TEST(Expansion, BoundsDepthSizeAndPatternWork) {
    std::string deep;
    for (int i = 0; i < 1000; ++i)
        deep += "${u:-";
    EXPECT_THROW(run(deep + std::string(1000, '}')), Error);
    const std::string big(600'000, 'b');
    const auto lookup = [&](std::string_view) { return std::optional<std::string>{big}; };
    EXPECT_THROW(expand("$a$b", lookup), Error);
    std::string discarded;
    for (int i = 0; i < 100; ++i)
        discarded += "${a#*}";
    EXPECT_THROW(expand(discarded, lookup), Error);
    EXPECT_THROW(expand("${a/" + std::string(1000, '?') + "x/y}", lookup), Error);
}

TEST(Variables, KeepTheOrderInWhichNamesWereSetFirst) {
    Variables list;
    list.set("b", "1");
    list.set("a", "2");
    list.set("b", "3");
    EXPECT_THAT(list.items(), ElementsAre(testing::Pair("b", "3"), testing::Pair("a", "2")));
    list.erase("b");
    EXPECT_EQ(list.find("a"), "2");
    EXPECT_EQ(list.find("b"), std::nullopt);
}

}  // namespace
}  // namespace nacre::dockerfile
