#include "dockerfile/checks.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace nacre::dockerfile {
namespace {

using testing::IsEmpty;

CheckContext known_bases() {
    CheckContext context;
    context.base_environment = [](const std::string& image) -> std::optional<Variables> {
        if (image == "unknown") return std::nullopt;
        return Variables{{{"BASE_VAR", "1"}}};
    };
    context.is_ignored = [](std::string_view path) { return path == "tmp/x"; };
    return context;
}

/// "Name:line" of each finding.
std::vector<std::string> check(std::string_view text, const CheckContext& context = known_bases()) {
    const ParseResult parsed = parse(text, "Dockerfile");
    EXPECT_TRUE(parsed.ok()) << render(parsed.diagnostics);
    std::vector<std::string> found;
    for (const Diagnostic& one : run_checks(parsed, context))
        found.push_back(one.code + ":" + std::to_string(one.line));
    return found;
}

struct Case {
    std::string_view text;
    std::vector<std::string> found;
};

TEST(Checks, FindWhatTheyAreNamedAfterAndNothingElse) {
    const Case cases[] = {
        {"FROM a AS Base\n", {"StageNameCasing:1"}},
        {"FROM a as base\n", {"FromAsCasing:1"}},
        {"FROM a\nRUN x \\\n\n y\n", {"NoEmptyContinuation:3"}},
        {"FROM a\nRUN x\nrun y\n", {"ConsistentInstructionCasing:3"}},
        {"from a as b\nrun y\nRun x\n", {"ConsistentInstructionCasing:3"}},
        {"FROM a AS b\nFROM a AS B\n", {"StageNameCasing:2", "DuplicateStageName:2"}},
        {"FROM a AS scratch\n", {"ReservedStageName:1"}},
        {"FROM a AS context\n", {"ReservedStageName:1"}},
        {"FROM a\nCMD x\n", {"JSONArgsRecommended:2"}},
        {"FROM a\nENTRYPOINT x\n", {"JSONArgsRecommended:2"}},
        {"FROM a\nSHELL [\"/bin/bash\", \"-c\"]\nCMD x\n", {}},
        {"FROM a\nMAINTAINER x\n", {"MaintainerDeprecated:2"}},
        {"FROM a:${TAGS:-1}\n", {}},
        {"ARG TAG=1\nFROM a:$TGA\n", {"UndefinedArgInFrom:2", "InvalidDefaultArgInFrom:2"}},
        {"ARG TAG\nFROM a:$TAG\n", {"InvalidDefaultArgInFrom:2"}},
        {"ARG TAG=1\nFROM a:$TAG\n", {}},
        {"FROM a\nWORKDIR b\n", {"WorkdirRelativePath:2"}},
        {"FROM a\nWORKDIR /a\nWORKDIR b\n", {}},
        {"FROM a\nCOPY $x /\nCOPY $BASE_VAR $PATH /y\n", {"UndefinedVar:2"}},
        {"FROM a\nARG x\nENV y=$x z=$y\n", {"UndefinedVar:3"}},
        {"FROM a AS b\nARG x\nFROM b\nCOPY $x /\nCOPY ${q:-1} /\n", {}},
        {"FROM unknown\nCOPY $x /\n", {}},
        {"FROM scratch\nUSER $x\n", {"UndefinedVar:2"}},
        {"FROM a\nCMD [\"x\"]\nCMD [\"y\"]\n", {"MultipleInstructionsDisallowed:2"}},
        {"FROM a\nHEALTHCHECK NONE\nHEALTHCHECK CMD x\n", {"MultipleInstructionsDisallowed:2"}},
        {"FROM a\nENV a b\nLABEL c d\n", {"LegacyKeyValueFormat:2", "LegacyKeyValueFormat:3"}},
        {"FROM --platform=$TARGETPLATFORM a\n", {"RedundantTargetPlatform:1"}},
        {"FROM --platform=$BUILDPLATFORM a\n", {}},
        {"FROM --platform=linux/amd64 a\n", {"FromPlatformFlagConstDisallowed:1"}},
        {"FROM --platform=linux/amd64 a AS build_amd64\n", {}},
        {"ARG API_TOKEN=1\nFROM a\nENV PASSWORD=x PUBLIC_KEY=y MONKEY=z\n",
         {"SecretsUsedInArgOrEnv:1", "SecretsUsedInArgOrEnv:3"}},
        {"FROM a\nCOPY . /\nCOPY ./tmp/x /\nCOPY --from=b tmp/x /\n", {"CopyIgnoredFile:3"}},
        {"FROM a\nEXPOSE 80/TCP 81/udp\n", {"ExposeProtoCasing:2"}},
        {"FROM a\nEXPOSE 127.0.0.1:80:80 5000-5005\n", {"ExposeInvalidFormat:2"}},
        {"# something\nFROM a AS b\n", {}},
        {"# check=experimental=all\n\n# something\nFROM a AS b\n# b is it\nFROM a AS c\n",
         {"InvalidDefinitionDescription:4", "InvalidDefinitionDescription:6"}},
        {"# check=experimental=InvalidDefinitionDescription\n\n# b is it\nFROM a AS b\n", {}},
        {"# check=skip=JSONArgsRecommended,NoEmptyContinuation\nFROM a\nCMD x\\\n\n y\nMAINTAINER "
         "z\n",
         {"MaintainerDeprecated:6"}},
        {"# check=skip=all\nFROM a AS B\nCMD x\n", {}},
    };
    for (const Case& one : cases)
        EXPECT_EQ(check(one.text), one.found) << one.text;
}

TEST(Checks, AreErrorsWhenTheFileSaysSo) {
    const ParseResult parsed = parse("# check=error=true\nFROM a\nCMD x\n", "Dockerfile");
    const Diagnostics found = run_checks(parsed, {});
    ASSERT_EQ(found.size(), 1U);
    EXPECT_EQ(found[0].severity, Severity::Error);
    EXPECT_EQ(found[0].excerpt, "CMD x");
    EXPECT_EQ(found[0].column, 1);
}

TEST(Checks, SuggestTheNearestVariable) {
    const ParseResult parsed = parse("FROM scratch\nARG VERSION=1\nLABEL v=$VERSOIN\n", "D");
    const Diagnostics found = run_checks(parsed, {});
    ASSERT_EQ(found.size(), 1U);
    EXPECT_EQ(found[0].hint, "did you mean '$VERSION'?");
    EXPECT_EQ(found[0].column, 9);
}

TEST(Checks, HaveBuildKitsNames) {
    EXPECT_EQ(check_names().size(), 22U);
    const ParseResult parsed = parse("FROM a\n", "D");
    EXPECT_THAT(run_checks(parsed, {}), IsEmpty());
}

struct Place {
    std::string_view name;
    std::string_view text;  ///< with one finding of that name
    int line;
    int column;
};

/// One for each of check_names(), in its order.
constexpr Place kPlaces[] = {
    {"StageNameCasing", "FROM a AS Base\n", 1, 11},
    {"FromAsCasing", "FROM a as base\n", 1, 1},
    {"NoEmptyContinuation", "FROM a\nRUN x \\\n\n y\n", 3, 1},
    {"ConsistentInstructionCasing", "FROM a\nRUN x\n  run y\n", 3, 3},
    {"DuplicateStageName", "FROM a AS b\nFROM a AS b\n", 2, 11},
    {"ReservedStageName", "FROM a AS scratch\n", 1, 11},
    {"JSONArgsRecommended", "FROM a\nCMD x\n", 2, 1},
    {"MaintainerDeprecated", "FROM a\nMAINTAINER x\n", 2, 1},
    {"UndefinedArgInFrom", "ARG TAG=1\nFROM a:$TGA-1\n", 2, 6},
    {"WorkdirRelativePath", "FROM a\nWORKDIR b\n", 2, 9},
    {"UndefinedVar", "FROM a\nCOPY $x /\n", 2, 6},
    {"MultipleInstructionsDisallowed", "FROM a\nCMD [\"x\"]\nCMD [\"y\"]\n", 2, 1},
    {"LegacyKeyValueFormat", "FROM a\nENV a b\n", 2, 1},
    {"InvalidBaseImagePlatform", "FROM big:1\n", 1, 6},
    {"RedundantTargetPlatform", "FROM --platform=$TARGETPLATFORM a\n", 1, 17},
    {"SecretsUsedInArgOrEnv", "FROM a\nENV TOKEN=x\n", 2, 5},
    {"InvalidDefaultArgInFrom", "ARG TAG\nFROM a:$TAG\n", 2, 6},
    {"FromPlatformFlagConstDisallowed", "FROM --platform=linux/amd64 a\n", 1, 17},
    {"CopyIgnoredFile", "FROM a\nCOPY tmp/x /\n", 2, 6},
    {"InvalidDefinitionDescription", "# check=experimental=all\n\n# other\nFROM a AS b\n", 4, 1},
    {"ExposeProtoCasing", "FROM a\nEXPOSE 80/TCP\n", 2, 8},
    {"ExposeInvalidFormat", "FROM a\nEXPOSE 127.0.0.1:80:80\n", 2, 8}};

class CheckPlace : public testing::TestWithParam<Place> {};

TEST_P(CheckPlace, IsFileLineAndColumnWithAHint) {
    const Place& place = GetParam();
    CheckContext context = known_bases();
    context.inputs.platform_args = make_platform_arguments("linux/arm64", "linux/amd64");
    context.base_platform = [](const std::string& image, const std::string& wanted) {
        return std::optional{image == "big:1" ? "linux/s390x" : wanted};
    };
    const ParseResult parsed = parse(place.text, "web/Dockerfile");
    const Diagnostics found = run_checks(parsed, context);
    ASSERT_EQ(found.size(), 1U) << render(found);
    EXPECT_EQ(found[0].code, place.name);
    EXPECT_EQ(found[0].file, "web/Dockerfile");
    EXPECT_EQ(found[0].line, place.line);
    EXPECT_EQ(found[0].column, place.column);
    EXPECT_EQ(found[0].severity, Severity::Warning);
    EXPECT_FALSE(found[0].message.empty());
    EXPECT_FALSE(found[0].hint.empty());
    EXPECT_FALSE(is_check_enabled({.skip = {std::string{place.name}}}, place.name));
}

INSTANTIATE_TEST_SUITE_P(BuildKits, CheckPlace, testing::ValuesIn(kPlaces), [](const auto& tested) {
    return std::string{tested.param.name};
});

TEST(Checks, HaveAPlaceEach) {
    ASSERT_EQ(std::size(kPlaces), check_names().size());
    for (std::size_t i = 0; i < std::size(kPlaces); ++i)
        EXPECT_EQ(kPlaces[i].name, check_names()[i]);
}

TEST(Checks, TellThatABaseIsForAnotherPlatform) {
    const ParseResult parsed = parse(
        "FROM arm:1 AS one\nFROM --platform=linux/s390x big:1\nFROM one\nFROM scratch\n"
        "FROM unknown:1\nFROM multi:1\n",
        "Dockerfile");
    CheckContext context;
    context.inputs.platform_args = make_platform_arguments("linux/arm/v7", "linux/amd64");
    context.base_platform = [](const std::string& image,
                               const std::string& wanted) -> std::optional<std::string> {
        if (image == "unknown:1") return std::nullopt;
        return image == "multi:1" ? wanted : image == "arm:1" ? "linux/arm" : "linux/amd64";
    };
    std::vector<std::string> found;
    for (const Diagnostic& one : run_checks(parsed, context))
        if (one.code == "InvalidBaseImagePlatform")
            found.push_back(
                std::to_string(one.line) + ":" + std::to_string(one.column) + " " + one.message);
    ASSERT_EQ(found.size(), 1U);
    EXPECT_EQ(
        found[0],
        "2:29 base image 'big:1' is for platform 'linux/amd64', expected 'linux/s390x' for this "
        "build");
}

}  // namespace
}  // namespace nacre::dockerfile
