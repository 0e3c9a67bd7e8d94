#include "http/target.hpp"

#include <gtest/gtest.h>

namespace nacre::http {
namespace {

TEST(Target, IsDecodedIntoPathAndQuery) {
    const auto target = parse_target("/a%20b/c?x=1&y=a+b%2B&flag&&x=2");
    ASSERT_TRUE(target.has_value());
    EXPECT_EQ(target->path, "/a b/c");
    const QueryFields expected{{"x", "1"}, {"y", "a b+"}, {"flag", ""}, {"x", "2"}};
    EXPECT_EQ(target->query, expected);
}

TEST(Target, InAbsoluteFormLosesItsAuthority) {
    EXPECT_EQ(parse_target("http://host:80/v2/?n=1")->path, "/v2/");
    EXPECT_EQ(parse_target("http://host")->path, "/");
    EXPECT_EQ(parse_target("http://host?n=1")->query.size(), 1U);
}

TEST(Target, KeepsDoubleSlashesAndSchemesInsideThePath) {
    EXPECT_EQ(parse_target("//a//b")->path, "//a//b");
    EXPECT_EQ(parse_target("/get/http://host/x")->path, "/get/http://host/x");
}

TEST(Target, IsRefusedInOtherFormsAndWithWrongEscapes) {
    for (const char* text : {"", "*", "host:443", "a/b", "/%", "/%zz", "/a%00b", "/?a=%1"})
        EXPECT_FALSE(parse_target(text).has_value()) << text;
}

}  // namespace
}  // namespace nacre::http
