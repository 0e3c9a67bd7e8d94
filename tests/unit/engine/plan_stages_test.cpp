#include "dockerfile/parser.hpp"
#include "engine/plan.hpp"

#include <gmock/gmock.h>

namespace nacre::engine {
namespace {

using testing::HasSubstr;

PlanResult plan_of(const std::string& text, const std::string& target = "") {
    const dockerfile::ParseResult parsed = dockerfile::parse(text, "Dockerfile");
    EXPECT_TRUE(parsed.ok()) << render(parsed.diagnostics);
    PlanOptions options{.platform = {.architecture = "amd64"}};
    options.inputs.target = target;
    options.inputs.platform_args =
        dockerfile::make_platform_arguments("linux/amd64", "linux/amd64");
    return make_plan(parsed.tree, options, {{"base:1", {}}});
}

std::string problems(const std::string& text, const std::string& target = "") {
    return render(plan_of(text, target).diagnostics);
}

TEST(PlanStages, TakesThePlatformOfTheBuildInFrom) {
    EXPECT_EQ(problems("FROM --platform=linux/amd64 base:1\n"), "");
    EXPECT_EQ(problems("FROM --platform=$BUILDPLATFORM base:1\n"), "");
}

TEST(PlanStages, RefusesAnotherPlatformInsteadOfIgnoringIt) {
    const std::string found = problems("FROM base:1\nFROM --platform=linux/arm64 base:1\n");
    EXPECT_THAT(found, HasSubstr("Dockerfile:2:"));
    EXPECT_THAT(
        found,
        HasSubstr("FROM --platform=linux/arm64 is not supported yet in a build for linux/amd64"));
}

TEST(PlanStages, SaysNothingOfStagesThatNobodyNeeds) {
    const std::string text =
        "FROM base:1 AS other\nRUN --mount=type=cache,target=/x true\n"
        "FROM base:1 AS wanted\nRUN true\n";
    EXPECT_EQ(problems(text, "wanted"), "");
    EXPECT_THAT(problems(text, "other"), HasSubstr("not supported yet"));
    EXPECT_THAT(problems(text + "COPY --from=other /a /a\n"), HasSubstr("Dockerfile:2:"));
}

TEST(PlanStages, KeepsLinkApart) {
    const PlanResult result = plan_of("FROM base:1\nCOPY --link --chown=1:2 a /a\nCOPY a /b\n");
    EXPECT_EQ(render(result.diagnostics), "");
    const std::vector<Step>& steps = result.plan.stages[0].steps;
    EXPECT_TRUE(std::get<CopyAction>(steps[0].action).link);
    EXPECT_FALSE(std::get<CopyAction>(steps[1].action).link);
    EXPECT_THAT(steps[0].created_by, HasSubstr("--link"));
}

TEST(PlanStages, RefusesNamesOfAccountsForLinkedLayers) {
    EXPECT_THAT(
        problems("FROM base:1\nCOPY --link --chown=web a /a\n"),
        HasSubstr("--chown=web with --link needs numbers"));
}

}  // namespace
}  // namespace nacre::engine
