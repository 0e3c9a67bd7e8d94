#include "json/value.hpp"

#include "support/errors.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace nacre::json {
namespace {

using test::error_of;
using test::message_of;
using testing::HasSubstr;

TEST(JsonParse, ReadsEveryType) {
    const Value value = parse(R"({"a":[null,true,false,-7,1.5,"x\u00e9\n"],"b":{}})");
    const Array& array = *value.if_object()->find("a")->if_array();
    EXPECT_TRUE(array[0].is_null());
    EXPECT_TRUE(*array[1].if_bool());
    EXPECT_FALSE(*array[2].if_bool());
    EXPECT_EQ(*array[3].if_integer(), -7);
    EXPECT_EQ(*array[4].if_double(), 1.5);
    EXPECT_EQ(*array[5].if_string(), "xé\n");
    EXPECT_TRUE(value.if_object()->find("b")->if_object()->empty());
}

TEST(JsonParse, KeepsTheOrderOfMembers) {
    EXPECT_EQ(render(parse(R"( { "z" : 1 , "a" : 2, "m": 3 } )")), R"({"z":1,"a":2,"m":3})");
}

TEST(JsonParse, ReadsIntegersBeyond64BitsAsDoubles) {
    EXPECT_EQ(*parse("9223372036854775807").if_integer(), INT64_MAX);
    EXPECT_EQ(*parse("9223372036854775808").if_double(), 9223372036854775808.0);
    EXPECT_EQ(
        *parse("123456789012345678901234567890").if_double(), 123456789012345678901234567890.0);
}

TEST(JsonParse, ReadsDoublesToTheNearestValue) {
    EXPECT_EQ(*parse("0.1").if_double(), 0.1);
    EXPECT_EQ(*parse("1700000000.123457").if_double(), 1700000000.123457);
}

TEST(JsonParse, RefusesNumbersBeyondTheRange) {
    EXPECT_THAT(message_of([] { return parse("[1e999]"); }), HasSubstr("'1e999'"));
}

TEST(JsonParse, RefusesAMemberThatIsThereTwice) {
    EXPECT_THAT(
        message_of([] { return parse(R"({"x":{"digest":1,"size":2,"digest":3}})"); }),
        HasSubstr("member 'digest' is there twice"));
    EXPECT_THAT(message_of([] { return parse(R"({"a":1,"\u0061":3})"); }), HasSubstr("'a'"));
}

TEST(JsonParse, NamesThePlaceOfASyntaxError) {
    EXPECT_THAT(
        message_of([] { return parse("{\"a\":nul}"); }), HasSubstr("invalid JSON at byte 5"));
    EXPECT_THAT(message_of([] { return parse("{\"a\":"); }), HasSubstr("ends in the middle"));
    EXPECT_THAT(message_of([] { return parse("1 2"); }), HasSubstr("byte 2"));
    EXPECT_EQ(error_of([] { return parse(""); }).code(), ErrorCode::InvalidArgument);
}

TEST(JsonParse, RefusesWhatTheStandardDoesNotHave) {
    for (const char* text :
         {"[1,]",
          "{a:1}",
          "// c\n1",
          "'a'",
          "01",
          "+1",
          "NaN",
          "\"\t\"",
          "\"\\ud800\"",
          "[1",
          "]",
          "\"\xff\"",
          "\"\xc0\xaf\""})
        EXPECT_EQ(error_of([&] { return parse(text); }).code(), ErrorCode::InvalidArgument) << text;
}

TEST(JsonParse, LimitsDepth) {
    const auto nested = [](std::size_t depth) {
        return std::string(depth, '[') + std::string(depth, ']');
    };
    EXPECT_NO_THROW(parse(nested(64)));
    EXPECT_THAT(message_of([&] { return parse(nested(65)); }), HasSubstr("nested too deeply"));
    EXPECT_THAT(message_of([&] { return parse(nested(1000000)); }), HasSubstr("nested too deeply"));
    EXPECT_THAT(
        message_of([&] { return parse(nested(3), {.depth = 2}); }), HasSubstr("nested too deeply"));
}

TEST(JsonParse, LimitsSize) {
    EXPECT_NO_THROW(parse("[1]", {.bytes = 3}));
    EXPECT_THAT(
        message_of([] { return parse("[11]", {.bytes = 3}); }),
        HasSubstr("has 4 bytes, at most 3 are accepted"));
}

TEST(JsonParse, TakesManyMembersInReasonableTime) {
    std::string text = "{";
    for (int i = 0; i < 100000; ++i)
        text += "\"m" + std::to_string(i) + "\":1,";
    text.back() = '}';
    EXPECT_EQ(parse(text).if_object()->size(), 100000U);
}

TEST(JsonRender, EscapesOnlyWhatMustBeEscaped) {
    EXPECT_EQ(
        render(Value{"a\"\\/\n\r\t\b\x01\x1f\x7fé<"}),
        "\"a\\\"\\\\/\\n\\r\\t\\u0008\\u0001\\u001f\x7fé<\"");
}

TEST(JsonRender, WritesDoublesThatStayDoubles) {
    EXPECT_EQ(render(Value{2.0}), "2.0");
    EXPECT_EQ(render(Value{0.1}), "0.1");
    EXPECT_EQ(render(Value{1e300}), "1e+300");
    EXPECT_TRUE(parse(render(Value{2.0})).if_double());
}

TEST(JsonRender, RefusesInfinity) {
    EXPECT_EQ(
        error_of([] { return render(Value{std::numeric_limits<double>::infinity()}); }).code(),
        ErrorCode::InvalidArgument);
}

TEST(JsonRender, IndentsForPeople) {
    EXPECT_EQ(
        render_pretty(parse(R"({"a":[1,2],"b":{},"c":[]})")),
        "{\n  \"a\": [\n    1,\n    2\n  ],\n  \"b\": {},\n  \"c\": []\n}\n");
}

TEST(JsonObject, ReplacesAMemberInItsPlace) {
    Object object;
    object.set("a", 1);
    object.set("b", 2);
    object.set("a", "x");
    EXPECT_EQ(render(Value{object}), R"({"a":"x","b":2})");
    EXPECT_TRUE(object.erase("a"));
    EXPECT_FALSE(object.erase("a"));
    EXPECT_EQ(object.size(), 1U);
    EXPECT_EQ(object.find("a"), nullptr);
}

TEST(JsonReader, NamesThePathOfAWrongValue) {
    const Value value = parse(R"({"config":{"Env":["a",1],"Labels":{"x":null},"User":1}})");
    const Reader config = Reader{value, ""}.get_object("config");
    EXPECT_EQ(
        message_of([&] { return config.get_strings("Env"); }),
        "config.Env[1]: expected a string, found integer");
    EXPECT_EQ(
        message_of([&] { return config.get_string_map("Labels"); }),
        "config.Labels.x: expected a string, found null");
    EXPECT_EQ(
        message_of([&] { return config.get_string_or("User", ""); }),
        "config.User: expected a string, found integer");
    EXPECT_EQ(
        message_of([&] { return config.get_string("Absent"); }),
        "config.Absent: expected a string, found nothing");
    EXPECT_EQ(
        message_of([&] { return config.get_object("User"); }),
        "config.User: expected an object, found integer");
    EXPECT_EQ(
        message_of([&] { return Reader(Value{Array{}}, "manifest"); }),
        "manifest: expected an object, found array");
}

TEST(JsonReader, TakesNullForAbsent) {
    const Value value = parse(R"({"a":null,"b":true,"n":3})");
    const Reader reader{value, "x"};
    EXPECT_FALSE(reader.has("a"));
    EXPECT_EQ(reader.get_string_or("a", "f"), "f");
    EXPECT_EQ(reader.get_integer_or("a", 9), 9);
    EXPECT_EQ(reader.get_integer_or("n", 9), 3);
    EXPECT_TRUE(reader.get_bool_or("b", false));
    EXPECT_TRUE(reader.get_strings("a").empty());
    EXPECT_TRUE(reader.get_string_map("a").empty());
    EXPECT_EQ(
        error_of([&] { return reader.get_bool_or("n", false); }).code(),
        ErrorCode::InvalidArgument);
}

}  // namespace
}  // namespace nacre::json
