#include "oci/reference.hpp"

#include "support/errors.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace nacre::oci {
namespace {

using testing::HasSubstr;

const std::string kDigest =
    "sha256:2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae";

std::string refusal(const std::string& text) {
    const Error error = test::error_of([&] { return Reference::parse(text); });
    EXPECT_EQ(error.code(), ErrorCode::InvalidArgument) << text;
    return error.describe();
}

TEST(Reference, ReadsEveryPart) {
    const Reference reference = Reference::parse("localhost:5000/team/app:1.0@" + kDigest);
    EXPECT_EQ(reference.registry, "localhost:5000");
    EXPECT_EQ(reference.repository, "team/app");
    EXPECT_EQ(reference.image_tag, "1.0");
    EXPECT_EQ(reference.digest->str(), kDigest);
}

TEST(Reference, TellsRegistriesFromRepositories) {
    EXPECT_EQ(Reference::parse("debian:bookworm").registry, "");
    EXPECT_EQ(Reference::parse("debian:bookworm").image_tag, "bookworm");
    EXPECT_EQ(Reference::parse("team/app").repository, "team/app");
    EXPECT_EQ(Reference::parse("r.example/app").registry, "r.example");
    EXPECT_EQ(Reference::parse("localhost/app").registry, "localhost");
    EXPECT_EQ(Reference::parse("host:5000/app").repository, "app");
    EXPECT_EQ(Reference::parse("[::1]:5000/app").registry, "[::1]:5000");
}

TEST(Reference, FillsInLatest) {
    EXPECT_EQ(Reference::parse("app").effective_tag(), "latest");
    EXPECT_EQ(Reference::parse("app:1").effective_tag(), "1");
    EXPECT_EQ(Reference::parse("app@" + kDigest).effective_tag(), "");
}

TEST(Reference, SaysWhichPartIsWrong) {
    EXPECT_THAT(refusal(""), HasSubstr("repository ''"));
    EXPECT_THAT(refusal("App"), HasSubstr("repository 'App'"));
    EXPECT_THAT(refusal("a//b"), HasSubstr("repository"));
    EXPECT_THAT(refusal("../etc"), HasSubstr("registry"));
    EXPECT_THAT(refusal("a/../b"), HasSubstr("repository 'a/../b'"));
    EXPECT_THAT(refusal("a:"), HasSubstr("tag ''"));
    EXPECT_THAT(refusal("a:-x"), HasSubstr("tag '-x'"));
    EXPECT_THAT(refusal("a@sha256:1"), HasSubstr("after '@'"));
    EXPECT_THAT(refusal("a@" + kDigest + "@" + kDigest), HasSubstr("after '@'"));
    EXPECT_THAT(refusal("ho st.x/app"), HasSubstr("registry"));
    EXPECT_THAT(refusal("https://r.example/app"), HasSubstr("invalid image reference"));
    EXPECT_THAT(refusal("a\n"), HasSubstr("repository"));
}

TEST(Reference, KeepsToTheGrammarOfRepositories) {
    for (const char* text : {"a", "0", "a.b", "a_b", "a__b", "a---b", "a/b/c", "team/app-1.2_x"})
        EXPECT_TRUE(is_repository(text)) << text;
    for (const char* text :
         {"", "/", "a/", "/a", "a..b", "a___b", "a._b", "-a", "a-", "A", "a b", "."})
        EXPECT_FALSE(is_repository(text)) << text;
    EXPECT_TRUE(is_repository(std::string(255, 'a')));
    EXPECT_FALSE(is_repository(std::string(256, 'a')));
}

TEST(Reference, KeepsToTheGrammarOfTags) {
    EXPECT_TRUE(
        is_image_tag("1.0-A_b") && is_image_tag("_") && is_image_tag(std::string(128, 'x')));
    EXPECT_FALSE(
        is_image_tag("") || is_image_tag(".x") || is_image_tag("-x") || is_image_tag("a/b")
        || is_image_tag(std::string(129, 'x')));
}

}  // namespace
}  // namespace nacre::oci
