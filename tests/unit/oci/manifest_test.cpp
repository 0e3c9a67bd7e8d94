#include "oci/manifest.hpp"

#include "support/errors.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace nacre::oci {
namespace {

using testing::HasSubstr;

const std::string kDescriptor =
    R"({"mediaType":"application/vnd.oci.image.config.v1+json",)"
    R"("digest":"sha256:2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae","size":2})";
const std::string kManifest =
    R"({"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","config":)"
    + kDescriptor + R"(,"layers":[)" + kDescriptor + R"(],"annotations":{"a":"b"}})";
const std::string kIndex =
    R"({"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[)"
    + kDescriptor + R"(]})";

std::string with(const std::string& text, const std::string& from, const std::string& to) {
    std::string result = text;
    result.replace(result.find(from), from.size(), to);
    return result;
}

std::string refusal(const std::string& text) {
    const Error error = test::error_of([&] { return parse_manifest(text, kMediaTypeManifest); });
    EXPECT_EQ(error.code(), ErrorCode::DataCorrupt) << text;
    return error.describe();
}

std::string index_refusal(const std::string& text) {
    const Error error = test::error_of([&] { return parse_index(text, kMediaTypeIndex); });
    EXPECT_EQ(error.code(), ErrorCode::DataCorrupt) << text;
    return error.describe();
}

TEST(Manifest, RendersWhatItRead) {
    const Manifest manifest = parse_manifest(kManifest, kMediaTypeManifest);
    EXPECT_EQ(manifest.layers.size(), 1U);
    EXPECT_EQ(render(manifest), kManifest);
    EXPECT_EQ(render(parse_index(kIndex, kMediaTypeIndex)), kIndex);
}

TEST(Manifest, TakesOneWithoutMediaType) {
    const std::string text =
        with(kManifest, R"("mediaType":"application/vnd.oci.image.manifest.v1+json",)", "");
    EXPECT_EQ(parse_manifest(text, kMediaTypeManifest).media_type, kMediaTypeManifest);
}

TEST(Manifest, RefusesToBeTwoThingsAtOnce) {
    EXPECT_THAT(
        refusal(with(kManifest, R"("layers")", R"("manifests":[],"layers")")),
        HasSubstr("'manifests'"));
    EXPECT_THAT(
        index_refusal(with(kIndex, R"("manifests")", R"("layers":[],"manifests")")),
        HasSubstr("'layers'"));
}

TEST(Manifest, RefusesAMediaTypeThatContradicts) {
    EXPECT_THAT(
        refusal(with(kManifest, "image.manifest.v1", "image.index.v1")),
        HasSubstr("it came as 'application/vnd.oci.image.manifest.v1+json'"));
}

TEST(Manifest, RefusesHostileText) {
    const std::string digest =
        "sha256:2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae";
    EXPECT_THAT(refusal(with(kManifest, digest, "sha256:../../x")), HasSubstr("'sha256:../../x'"));
    EXPECT_THAT(refusal(with(kManifest, "\"size\":2", "\"size\":-2")), HasSubstr("config.size"));
    EXPECT_THAT(
        refusal(with(kManifest, "\"size\":2", "\"size\":99999999999999999999")),
        HasSubstr("config.size"));
    EXPECT_THAT(refusal(with(kManifest, "Version\":2", "Version\":1")), HasSubstr("schemaVersion"));
    EXPECT_THAT(refusal(with(kManifest, kDescriptor, "null")), HasSubstr("config"));
    EXPECT_THAT(refusal(with(kManifest, "[" + kDescriptor + "]", "{}")), HasSubstr("layers"));
    EXPECT_THAT(refusal(with(kManifest, R"("a":"b")", R"("a":1)")), HasSubstr("annotations.a"));
    EXPECT_THAT(refusal(with(kManifest, R"("a":"b")", R"("a":"b","a":"c")")), HasSubstr("twice"));
    EXPECT_THAT(refusal("null"), HasSubstr("expected an object"));
    EXPECT_THAT(refusal(""), HasSubstr("JSON"));
    EXPECT_THAT(refusal(std::string(10000, '[')), HasSubstr("nested too deeply"));
    EXPECT_THAT(refusal(std::string((4U << 20U) + 1, ' ')), HasSubstr("at most"));
    EXPECT_THAT(index_refusal(with(kIndex, kDescriptor, "[]")), HasSubstr("manifests[0]"));
}

TEST(Manifest, LimitsTheNumberOfLayers) {
    std::string layers = kDescriptor;
    for (int i = 0; i < 1000; ++i)
        layers += "," + kDescriptor;
    EXPECT_THAT(
        refusal(with(kManifest, "[" + kDescriptor + "]", "[" + layers + "]")), HasSubstr("1001"));
    EXPECT_THAT(index_refusal(with(kIndex, kDescriptor, layers)), HasSubstr("1001"));
}

/// The digits of the digest are the number of the entry.
Index index_of(const std::vector<std::string>& platforms) {
    Index index{.media_type = std::string{kMediaTypeIndex}};
    for (const std::string& platform : platforms) {
        const std::string number = std::to_string(index.manifests.size());
        Descriptor manifest{
            .media_type = std::string{kMediaTypeManifest},
            .digest = Digest::parse("sha256:" + std::string(64 - number.size(), '0') + number)};
        if (!platform.empty()) manifest.platform = Platform::parse(platform);
        index.manifests.push_back(manifest);
    }
    return index;
}

char chosen(const std::vector<std::string>& platforms, const std::string& wanted) {
    return choose_for(index_of(platforms), Platform::parse(wanted)).digest.str().back();
}

TEST(Index, ChoosesTheManifestForAPlatform) {
    EXPECT_EQ(chosen({"linux/amd64", "linux/arm64"}, "linux/arm64"), '1');
    EXPECT_EQ(chosen({"", "unknown/unknown", "linux/amd64"}, "linux/amd64"), '2');
    EXPECT_EQ(chosen({"windows/amd64", "linux/amd64"}, "linux/amd64"), '1');
}

TEST(Index, ChoosesTheNearestVariantThatRuns) {
    EXPECT_EQ(chosen({"linux/arm/v5", "linux/arm/v6", "linux/arm/v7"}, "linux/arm/v7"), '2');
    EXPECT_EQ(chosen({"linux/arm/v5", "linux/arm/v6", "linux/arm/v8"}, "linux/arm/v7"), '1');
    EXPECT_EQ(chosen({"linux/arm64/v8"}, "linux/arm64"), '0');
    EXPECT_EQ(chosen({"linux/arm64"}, "linux/arm64/v8"), '0');
    EXPECT_EQ(chosen({"linux/amd64/v3", "linux/amd64/v2", "linux/amd64"}, "linux/amd64"), '2');
    EXPECT_EQ(chosen({"linux/amd64/v3", "linux/amd64/v2"}, "linux/amd64"), '1');
    EXPECT_EQ(chosen({"linux/amd64", "linux/amd64/v2", "linux/amd64/v4"}, "linux/amd64/v3"), '1');
}

TEST(Index, SaysWhichPlatformsItHas) {
    const Error error = test::error_of(
        [] { chosen({"linux/arm/v7", "linux/amd64/strange", "linux/arm64"}, "linux/arm/v6"); });
    EXPECT_EQ(error.code(), ErrorCode::NotFound);
    EXPECT_THAT(
        error.describe(),
        HasSubstr(
            "not there for linux/arm/v6, only for linux/arm/v7, linux/amd64/strange, linux/arm64"));
}

TEST(MediaType, TellsManifestsFromIndexes) {
    EXPECT_TRUE(is_manifest(kMediaTypeManifest) && is_manifest(kDockerManifest));
    EXPECT_TRUE(is_index(kMediaTypeIndex) && is_index(kDockerIndex));
    EXPECT_FALSE(is_index(kMediaTypeManifest) || is_manifest(kMediaTypeIndex) || is_index(""));
}

}  // namespace
}  // namespace nacre::oci
