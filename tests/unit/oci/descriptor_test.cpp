#include "oci/descriptor.hpp"

#include "support/errors.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace nacre::oci {
namespace {

using testing::HasSubstr;

constexpr std::string_view kText =
    R"({"mediaType":"application/vnd.oci.image.layer.v1.tar+gzip",)"
    R"("digest":"sha256:2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae",)"
    R"("size":42,"annotations":{"a":"1","b":"2"},)"
    R"("platform":{"architecture":"arm64","os":"linux","variant":"v9"}})";

std::string message(const std::string& text) {
    return test::message_of([&] { return parse_descriptor(json::parse(text), "layers[1]"); });
}

TEST(Descriptor, RendersWhatItRead) {
    const Descriptor descriptor = parse_descriptor(json::parse(kText), "config");
    EXPECT_EQ(descriptor.size, 42U);
    EXPECT_EQ(descriptor.platform->str(), "linux/arm64/v9");
    EXPECT_EQ(json::render(render(descriptor)), kText);
}

TEST(Descriptor, SortsAnnotations) {
    Descriptor descriptor = parse_descriptor(json::parse(kText), "config");
    std::swap(descriptor.annotations[0], descriptor.annotations[1]);
    EXPECT_EQ(json::render(render(descriptor)), kText);
}

TEST(Descriptor, NamesThePlaceOfAWrongMember) {
    EXPECT_THAT(message(R"([])"), HasSubstr("layers[1]: expected an object, found array"));
    EXPECT_THAT(message(R"({"mediaType":"x","size":"1"})"), HasSubstr("layers[1].size"));
    EXPECT_THAT(message(R"({"mediaType":"x","size":-1,"digest":"x"})"), HasSubstr("found -1"));
    EXPECT_THAT(message(R"({"mediaType":"x","size":1e3})"), HasSubstr("expected an integer"));
    EXPECT_THAT(
        message(R"({"mediaType":"x","size":1,"digest":"sha256:../../x"})"),
        HasSubstr("'sha256:../../x'"));
    EXPECT_THAT(message(R"({"mediaType":null,"size":1})"), HasSubstr("layers[1].mediaType"));
}

TEST(Platform, ReadsWhatPeopleWrite) {
    EXPECT_EQ(Platform::parse("linux/amd64").str(), "linux/amd64");
    EXPECT_EQ(Platform::parse("linux/arm/v7").str(), "linux/arm/v7");
    EXPECT_EQ(Platform::parse("x86_64").str(), "linux/amd64");
    EXPECT_EQ(Platform::parse("aarch64").str(), "linux/arm64");
    EXPECT_EQ(Platform::parse("s390x").str(), "linux/s390x");
}

TEST(Platform, RefusesOtherText) {
    for (const char* text :
         {"", "linux/", "/amd64", "linux/amd64/v1/x", "linux/am d64", "linux/../x"})
        EXPECT_EQ(
            test::error_of([&] { return Platform::parse(text); }).code(),
            ErrorCode::InvalidArgument)
            << text;
}

TEST(Platform, KnowsTheHost) {
    EXPECT_EQ(Platform::host().os, "linux");
    EXPECT_FALSE(Platform::host().architecture.empty());
}

}  // namespace
}  // namespace nacre::oci
