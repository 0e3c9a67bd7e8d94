#include "koji/codec.hpp"

#include <gmock/gmock.h>

#include <fstream>
#include <limits>
#include <sstream>

namespace nacre::koji {
namespace {

using testing::HasSubstr;

/// What Koji's own Python marshaller wrote.
std::string golden(const std::string& name) {
    std::ifstream file{std::string{NACRE_SOURCE_DIR} + "/tests/unit/koji/golden/" + name};
    std::ostringstream text;
    text << file.rdbuf();
    EXPECT_FALSE(text.str().empty()) << name;
    return text.str();
}

Struct make_struct(std::vector<std::pair<std::string, Value>> members) {
    Struct result;
    for (auto& [name, value] : members)
        result.set(name, std::move(value));
    return result;
}

Value only_param(const std::string& value) {
    return parse_call(
               "<methodCall><methodName>m</methodName><params><param>" + value
               + "</param></params></methodCall>")
        .params.at(0);
}

ErrorCode refusal_of(const std::string& value) {
    try {
        only_param(value);
    } catch (const Error& error) {
        return error.code();
    }
    return ErrorCode::Internal;
}

const Array kBuildContainer{
    "git+https://src.example/container/foo.git#0123",
    "f40-container-candidate",
    make_struct({{"git_branch", "f40"}, {"scratch", true}}),
    make_struct({{"priority", nullptr}, {"__starstar", true}})};

TEST(KojiCodec, WritesCallsAsPythonDoes) {
    EXPECT_EQ(render_call("buildContainer", kBuildContainer), golden("build_container.xml"));
    const Struct first = make_struct({{"methodName", "getTag"}, {"params", Array{"f40"}}});
    const Struct second = make_struct(
        {{"methodName", "getBuild"},
         {"params", Array{"a-1-1", make_struct({{"strict", true}, {"__starstar", true}})}}});
    EXPECT_EQ(
        render_call("multiCall", Array{Value{Array{first, second}}}), golden("multicall.xml"));
}

TEST(KojiCodec, WritesResponsesAsPythonDoes) {
    EXPECT_EQ(
        render_response(
            make_struct({{"session-id", 7}, {"session-key", "3-Xy"}, {"header-auth", true}})),
        golden("login_reply.xml"));
    EXPECT_EQ(
        render_fault(FaultCode::TagError, "Package foo not in list for f40-updates"),
        golden("fault.xml"));
}

TEST(KojiCodec, WritesEveryScalarAsPythonDoes) {
    constexpr std::int64_t kMax = std::numeric_limits<std::int64_t>::max();
    constexpr std::int64_t kShortMax = std::numeric_limits<std::int32_t>::max();
    const Value inner = make_struct({{"a", Array{1, make_struct({{"b", "c"}})}}});
    const Array values{
        nullptr,
        true,
        false,
        0,
        -1,
        kShortMax,
        kShortMax + 1,
        -kShortMax - 1,
        -kShortMax - 2,
        kMax,
        -kMax - 1,
        0.1,
        2.0,
        1e16,
        1e15,
        1.5e300,
        1e-4,
        0.00001,
        -0.0,
        1713456789.123456,
        "",
        "  ",
        "a<b&c>d",
        "line\nfeed\ttab",
        "\xC5\xBElu\xC5\xA5ou\xC4\x8Dk\xC3\xBD",
        Array{},
        Array{Value{Array{}}},
        Struct{},
        inner};
    EXPECT_EQ(render_response(values), golden("scalars.xml"));
    EXPECT_EQ(parse_response(golden("scalars.xml")), Value{values});
}

TEST(KojiCodec, ReadsTheContainerClientsCall) {
    const Call call = parse_call(golden("build_container.xml"));
    EXPECT_EQ(call.method, "buildContainer");
    EXPECT_EQ(call.params, kBuildContainer);
}

TEST(KojiCodec, ReadsWhatOtherMarshallersWrite) {
    EXPECT_EQ(only_param("<value>bare text</value>"), Value{"bare text"});
    EXPECT_EQ(only_param("<value></value>"), Value{""});
    EXPECT_EQ(only_param("<value><i4> 5 </i4></value>"), Value{5});
    EXPECT_EQ(only_param("<value><ex:i8>-5</ex:i8></value>"), Value{-5});
    EXPECT_EQ(only_param("<value> <ex:nil/> </value>"), Value{});
    EXPECT_EQ(only_param("<value><base64>aGVs\nbG8=</base64></value>"), Value{"hello"});
    EXPECT_EQ(
        only_param("<value><dateTime.iso8601>20240101T00:00:00</dateTime.iso8601></value>"),
        Value{"20240101T00:00:00"});
    EXPECT_TRUE(parse_call("<methodCall><methodName>x</methodName></methodCall>").params.empty());
}

TEST(KojiCodec, RefusesValuesThatAreNone) {
    for (const std::string value :
         {"<value><int>5x</int></value>",
          "<value><int>9223372036854775808</int></value>",
          "<value><boolean>yes</boolean></value>",
          "<value><double>a</double></value>",
          "<value><pickle>x</pickle></value>",
          "<value><array/></value>",
          "<value><struct><member><name>a</name></member></struct></value>",
          "<value><array><data><int>1</int></data></array></value>",
          "<string>x</string>"})
        EXPECT_EQ(refusal_of(value), ErrorCode::InvalidArgument) << value;
}

TEST(KojiCodec, RefusesMessagesThatAreNone) {
    EXPECT_THROW(parse_call("<methodResponse/>"), Error);
    EXPECT_THROW(parse_call("<methodCall/>"), Error);
    EXPECT_THROW(
        parse_call("<!DOCTYPE a><methodCall><methodName>x</methodName></methodCall>"), Error);
    EXPECT_THROW(parse_response("<methodCall/>"), Error);
    EXPECT_THROW(parse_response("<html></html>"), Error);
    EXPECT_THROW(parse_call(render_call("x", {std::string(1000, 'a')}), 500), Error);
}

TEST(KojiCodec, ThrowsTheFaultOfAResponse) {
    try {
        parse_response(golden("fault.xml"));
        FAIL() << "no fault";
    } catch (const Fault& fault) {
        EXPECT_EQ(fault.fault_code(), FaultCode::TagError);
        EXPECT_THAT(fault.what(), HasSubstr("Package foo not in list"));
    }
}

TEST(KojiCodec, RefusesArraysThatAreTooDeep) {
    Value value = Array{};
    for (int level = 0; level < 200; ++level)
        value = Array{value};
    EXPECT_THROW(parse_response(render_response(value)), Error);
}

}  // namespace
}  // namespace nacre::koji
