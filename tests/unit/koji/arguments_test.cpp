#include "koji/arguments.hpp"

#include <gtest/gtest.h>

namespace nacre::koji {
namespace {

Struct keywords_with(std::string_view name, Value value) {
    Struct keywords;
    keywords.set(name, std::move(value));
    return keywords;
}

TEST(KojiArguments, TakesAMarkedLastStructAsKeywords) {
    Struct last = keywords_with("priority", nullptr);
    last.set("__starstar", true);
    const Arguments arguments = split_arguments({"src", last});
    EXPECT_EQ(arguments.positional, Array{"src"});
    EXPECT_EQ(arguments.keywords, keywords_with("priority", nullptr));
}

TEST(KojiArguments, LeavesOtherStructsAlone) {
    const Struct plain = keywords_with("scratch", true);
    const Struct unmarked = keywords_with("__starstar", false);
    EXPECT_EQ(split_arguments({plain}).positional, Array{plain});
    EXPECT_EQ(split_arguments({unmarked}).positional, Array{unmarked});
    EXPECT_TRUE(split_arguments({}).positional.empty());
    EXPECT_TRUE(split_arguments({unmarked, "x"}).keywords.empty());
}

TEST(KojiArguments, JoinIsTheReverseOfSplit) {
    const Arguments arguments{.positional = {1, "a"}, .keywords = keywords_with("strict", true)};
    EXPECT_EQ(split_arguments(join_arguments(arguments)), arguments);
    EXPECT_EQ(join_arguments({.positional = {1}, .keywords = {}}), Array{1});
}

}  // namespace
}  // namespace nacre::koji
