#include "dockerfile/labels.hpp"

#include "base/error.hpp"
#include "dockerfile/parser.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace nacre::dockerfile {
namespace {

using testing::ElementsAre;
using testing::Pair;

Dockerfile tree(std::string_view text) {
    ParseResult result = parse(text, "Dockerfile");
    EXPECT_TRUE(result.ok()) << render(result.diagnostics);
    return std::move(result.tree);
}

BuildInputs arguments(const std::vector<std::pair<std::string, std::string>>& items) {
    return {.build_args = Variables{items}};
}

TEST(StageState, ExpandsLabelsWithEnvironmentAndArguments) {
    const Dockerfile file = tree(
        "FROM base\nARG REL=1\nENV NAME=web VERSION=2.0\n"
        "LABEL name=\"$FGC/$NAME\" version=$VERSION release=\"$REL.$DISTTAG\" raw='$NAME'\n"
        "LABEL summary a web  server\nLABEL empty=$nothing\n");
    const StageState state = evaluate_stage(
        file, arguments({{"REL", "7"}}), Variables{{{"FGC", "f40"}, {"DISTTAG", "fc40"}}});
    EXPECT_THAT(
        state.labels.items(),
        ElementsAre(
            Pair("name", "f40/web"),
            Pair("version", "2.0"),
            Pair("release", "7.fc40"),
            Pair("raw", "$NAME"),
            Pair("summary", "a web  server"),
            Pair("empty", "")));
    EXPECT_EQ(state.env.find("FGC"), "f40");
    EXPECT_EQ(state.env.find("REL"), std::nullopt);
}

TEST(StageState, UsesTheValuesFromBeforeTheInstruction) {
    const Dockerfile file = tree("FROM a\nENV x=1\nENV x=2 y=$x\nLABEL y=$y x=$x\n");
    const StageState state = evaluate_stage(file, {}, {});
    EXPECT_THAT(state.labels.items(), ElementsAre(Pair("y", "1"), Pair("x", "2")));
}

TEST(StageState, CountsTheLastStageAndTheStagesItIsBuiltFrom) {
    const Dockerfile file = tree(
        "FROM a AS one\nLABEL from=one common=1\nENV e=1\nUSER u\nFROM b\nLABEL from=two\n"
        "FROM one\nLABEL common=$e\n");
    const StageState state = evaluate_stage(file, {}, {});
    EXPECT_THAT(state.labels.items(), ElementsAre(Pair("from", "one"), Pair("common", "1")));
    EXPECT_EQ(state.user, "u");
    const StageState second = evaluate_stage(file, {.target = "1"}, {});
    EXPECT_THAT(second.labels.items(), ElementsAre(Pair("from", "two")));
}

TEST(StageState, SeesGlobalArgumentsOnlyAfterTheyAreDeclaredAgain) {
    const Dockerfile file = tree(
        "ARG V=1\nARG W=$V.2\nFROM a\nLABEL before=\"$V\"\nARG V\nARG W=own\nARG TARGETARCH\n"
        "LABEL after=$V w=$W arch=$TARGETARCH\n");
    BuildInputs inputs;
    inputs.platform_args = make_platform_arguments("linux/arm64/v8", "linux/amd64");
    EXPECT_THAT(
        evaluate_stage(file, inputs, {}).labels.items(),
        ElementsAre(
            Pair("before", ""), Pair("after", "1"), Pair("w", "own"), Pair("arch", "arm64")));
}

TEST(StageState, ReportsFailedSubstitutionsWithTheirPlaces) {
    const Dockerfile file = tree("FROM a\nLABEL a=${x:?needed} \\\n  b=${y\n");
    const StageState state = evaluate_stage(file, {}, {});
    ASSERT_EQ(state.diagnostics.size(), 2U);
    EXPECT_EQ(state.diagnostics[0].message, "variable 'x' is missing: needed");
    EXPECT_EQ(state.diagnostics[1].line, 3);
    EXPECT_EQ(state.diagnostics[1].column, 5);
}

TEST(ImageUses, ListsEveryImageInOrderAndResolvesStages) {
    const Dockerfile file = tree(
        "ARG TAG=1 IMG\nFROM --platform=$BUILDPLATFORM go:$TAG AS build\nFROM scratch\n"
        "COPY --from=build /a /b\nCOPY --from=0 /a /c\nCOPY --from=tools:2 /x /y\n"
        "RUN --mount=type=bind,from=build,target=/t true\nFROM Build\n");
    BuildInputs inputs = arguments({{"TAG", "1.22"}});
    inputs.platform_args = make_platform_arguments("linux/arm64", "linux/amd64");
    const ImageUses found = find_image_uses(file, inputs);
    EXPECT_TRUE(found.diagnostics.empty());
    ASSERT_EQ(found.uses.size(), 7U);
    EXPECT_EQ(found.uses[0].text, "go:1.22");
    EXPECT_EQ(found.uses[0].platform, "linux/amd64");
    EXPECT_TRUE(found.uses[0].is_image());
    EXPECT_TRUE(found.uses[1].scratch);
    EXPECT_EQ(found.uses[2].source_stage, 0U);
    EXPECT_EQ(found.uses[3].source_stage, 0U);
    EXPECT_TRUE(found.uses[4].is_image());
    EXPECT_EQ(found.uses[5].kind, ImageUseKind::MountFrom);
    EXPECT_EQ(found.uses[5].source_stage, 0U);
    EXPECT_EQ(found.uses[6].source_stage, 0U);
}

TEST(ImageUses, ReportsEmptyImagesAndStagesThatAreNotThere) {
    const ImageUses found = find_image_uses(tree("FROM $x\nCOPY --from=3 a b\n"), {});
    ASSERT_EQ(found.diagnostics.size(), 2U);
    EXPECT_EQ(found.diagnostics[0].message, "the image of FROM '$x' is empty, needed a name");
    EXPECT_EQ(found.diagnostics[1].line, 2);
}

TEST(Target, IsFoundByNameOrNumberElseTheLast) {
    const Dockerfile file = tree("FROM a AS one\nFROM b\n");
    EXPECT_EQ(find_target(file, ""), 1U);
    EXPECT_EQ(find_target(file, "ONE"), 0U);
    EXPECT_EQ(find_target(file, "1"), 1U);
    EXPECT_THROW(find_target(file, "two"), Error);
}

}  // namespace
}  // namespace nacre::dockerfile
