#include "http/message.hpp"

#include "base/error.hpp"

#include <gtest/gtest.h>

namespace nacre::http {
namespace {

TEST(Headers, FindsAFieldWhateverItsCase) {
    Headers headers;
    headers.add("Content-Type", "text/plain");
    EXPECT_EQ(headers.find("content-TYPE"), "text/plain");
    EXPECT_FALSE(headers.find("Content").has_value());
}

TEST(Headers, SetReplacesAllFieldsOfTheName) {
    Headers headers;
    headers.add("Accept", "a");
    headers.add("Host", "h");
    headers.add("accept", "b");
    headers.set("ACCEPT", "c");
    EXPECT_EQ(headers.fields().size(), 2U);
    EXPECT_EQ(headers.find("Accept"), "c");
}

TEST(PercentEncoding, RoundTripsEveryByte) {
    std::string all;
    for (int c = 0; c < 256; ++c)
        all.push_back(static_cast<char>(c));
    EXPECT_EQ(percent_decode(percent_encode(all)), all);
    EXPECT_EQ(percent_encode("a b/c~"), "a%20b%2Fc~");
}

TEST(PercentEncoding, RefusesAPercentSignWithoutTwoDigits) {
    for (const char* text : {"%", "%1", "a%zz", "%g0", "%0g"})
        EXPECT_FALSE(percent_decode(text).has_value()) << text;
}

std::optional<BasicCredentials> credentials_of(std::string_view value) {
    Headers headers;
    headers.add("Authorization", value);
    return find_basic_credentials(headers);
}

TEST(BasicCredentials, AreSplitAtTheFirstColon) {
    const auto found = credentials_of("basic YWxpY2U6YTpi");
    ASSERT_TRUE(found.has_value());
    EXPECT_EQ(found->user, "alice");
    EXPECT_EQ(found->password, "a:b");
}

TEST(BasicCredentials, AreAbsentWhenTheFieldIsSomethingElse) {
    for (const char* value : {"", "Basic", "Bearer abc", "Basic ???", "Basic YWxpY2U="})
        EXPECT_FALSE(credentials_of(value).has_value()) << value;
    EXPECT_FALSE(find_basic_credentials(Headers{}).has_value());
}

TEST(Request, ReadBodyRefusesMoreThanTheLimit) {
    StringSource body{"123456"};
    Request request;
    request.body = &body;
    try {
        request.read_body(5);
        FAIL() << "no error";
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::ResourceExhausted);
    }
    StringSource again{"123456"};
    request.body = &again;
    EXPECT_EQ(request.read_body(6), "123456");
}

}  // namespace
}  // namespace nacre::http
