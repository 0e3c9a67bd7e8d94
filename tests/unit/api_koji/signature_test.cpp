#include "api/koji/signature.hpp"

#include "base/error.hpp"
#include "koji/fault.hpp"

#include <gtest/gtest.h>

namespace nacre::api::koji {
namespace {

using nacre::koji::Array;
using nacre::koji::Struct;
using nacre::koji::Value;

const Signature kGetTag{"getTag(tagInfo, strict=False, event=None, limit=-1, form='x')"};

Struct keywords(std::string_view name, Value value) {
    Struct members;
    members.set(name, std::move(value));
    return members;
}

std::string refusal(const Signature& signature, nacre::koji::Arguments arguments) {
    try {
        bind(signature, std::move(arguments));
    } catch (const nacre::koji::Fault& fault) {
        EXPECT_EQ(fault.fault_code(), nacre::koji::FaultCode::ParameterError);
        return fault.what();
    }
    return "accepted";
}

TEST(Signature, ReadsNamesAndDefaults) {
    EXPECT_EQ(kGetTag.name(), "getTag");
    ASSERT_EQ(kGetTag.parameters().size(), 5U);
    EXPECT_EQ(kGetTag.parameters()[0].name, "tagInfo");
    EXPECT_FALSE(kGetTag.parameters()[0].fallback);
    EXPECT_EQ(kGetTag.parameters()[1].fallback, Value{false});
    EXPECT_EQ(kGetTag.parameters()[2].fallback, Value{});
    EXPECT_EQ(kGetTag.parameters()[3].fallback, Value{-1});
    EXPECT_EQ(kGetTag.parameters()[4].fallback, Value{"x"});
    EXPECT_THROW(Signature{"getTag"}, Error);
    EXPECT_THROW(Signature{"getTag(a=oops)"}, Error);
}

TEST(Signature, BindsByPositionAndByName) {
    const Bound bound = bind(kGetTag, {.positional = {"f40"}, .keywords = keywords("event", 7)});
    EXPECT_EQ(bound.values, (Array{"f40", false, 7, -1, "x"}));
}

TEST(Signature, RefusesWithTheTextsOnWhichClientsFallBack) {
    EXPECT_EQ(
        refusal(kGetTag, {.positional = {"f40"}, .keywords = keywords("colour", 1)}),
        "getTag() got an unexpected keyword argument 'colour'");
    EXPECT_EQ(
        refusal(kGetTag, {.positional = {}, .keywords = {}}),
        "getTag() missing a required argument: 'tagInfo'");
    EXPECT_EQ(
        refusal(kGetTag, {.positional = {1, 2, 3, 4, 5, 6}, .keywords = {}}),
        "getTag() too many positional arguments: takes 5, 6 were given");
    EXPECT_EQ(
        refusal(kGetTag, {.positional = {"f40"}, .keywords = keywords("tagInfo", 1)}),
        "getTag() got multiple values for argument 'tagInfo'");
}

TEST(Signature, CollectsWhatAnOpenSignatureTakes) {
    const Signature open{"count(methodName, *args, **kw)"};
    const Bound bound =
        bind(open, {.positional = {"listTags", 1, 2}, .keywords = keywords("a", "b")});
    EXPECT_EQ(bound.rest, (Array{1, 2}));
    EXPECT_EQ(bound.keywords, keywords("a", "b"));
}

}  // namespace
}  // namespace nacre::api::koji
