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

TEST(PlanStages, TakesABaseForTheNamedPlatform) {
    const PlanResult result = plan_of("FROM --platform=linux/arm64 base:1\nCOPY a /a\n");
    EXPECT_EQ(render(result.diagnostics), "");
    const auto& base = std::get<ImageBase>(result.plan.stages[0].base);
    EXPECT_EQ(base.platform.str(), "linux/arm64");
    EXPECT_EQ(
        image_key(base.reference, base.platform, {.architecture = "amd64"}), "base:1 linux/arm64");
    EXPECT_THAT(problems("FROM --platform=a/b/c/d base:1\n"), HasSubstr("Dockerfile:1:"));
}

TEST(PlanStages, ReplacesAStageByANamedContext) {
    const dockerfile::ParseResult parsed = dockerfile::parse(
        "FROM base:1 AS one\nRUN --mount=type=nonsense x\nFROM base:1\nCOPY --from=one a /a\n"
        "COPY --from=two a /b\n",
        "Dockerfile");
    PlanOptions options{.platform = {.architecture = "amd64"}};
    options.inputs.contexts = {{"one", {}}, {"two", {"other:3"}}};
    const PlanResult result = make_plan(parsed.tree, options, {{"base:1", {}}});
    EXPECT_EQ(render(result.diagnostics), "");
    ASSERT_EQ(result.plan.stages[0].steps.size(), 1U);
    const auto origin_of = [&](std::size_t stage, std::size_t step) {
        return std::get<CopyAction>(result.plan.stages[stage].steps[step].action).origin;
    };
    EXPECT_EQ(origin_of(0, 0), CopyOrigin{FromNamedContext{"one"}});
    EXPECT_EQ(origin_of(1, 0), CopyOrigin{FromStage{0}});
    EXPECT_EQ(origin_of(1, 1), CopyOrigin{FromImage{"other:3"}});
}

TEST(PlanStages, MakesAStepOfEachAddress) {
    const PlanResult result =
        plan_of("FROM base:1\nADD a https://example.org/b.tar git@example.org:c.git#v1 d /in/\n");
    EXPECT_EQ(render(result.diagnostics), "");
    const std::vector<Step>& steps = result.plan.stages[0].steps;
    ASSERT_EQ(steps.size(), 4U);
    const auto copy = [&](std::size_t step) { return std::get<CopyAction>(steps[step].action); };
    EXPECT_EQ(copy(0).sources, std::vector<std::string>{"a"});
    EXPECT_TRUE(copy(0).unpack_archives);
    EXPECT_EQ(copy(1).sources, std::vector<std::string>{"b.tar"});
    EXPECT_FALSE(copy(1).unpack_archives);
    EXPECT_EQ(
        std::get<source::GitAddress>(std::get<FromAddress>(copy(2).origin).address).ref, "v1");
    EXPECT_EQ(copy(3).sources, std::vector<std::string>{"d"});
}

TEST(PlanStages, TakesAddressesForAddOnlyAndChecksumsForAddressesOnly) {
    EXPECT_THAT(
        problems("FROM base:1\nCOPY https://example.org/a /a\n"),
        HasSubstr("COPY takes no address"));
    EXPECT_THAT(
        problems("FROM base:1\nADD --checksum=sha256:00 a /a\n"), HasSubstr("needs one source"));
    EXPECT_THAT(
        problems("FROM base:1\nADD --checksum=md5:00 https://example.org/a /a\n"),
        HasSubstr("--checksum"));
    EXPECT_THAT(
        problems("FROM base:1\nADD --checksum=zz https://example.org/a.git /a\n"),
        HasSubstr("commit id"));
    EXPECT_THAT(
        problems("FROM base:1\nADD https://example.org/a.git#--upload-pack=x /a\n"),
        HasSubstr("begins with '-'"));
}

TEST(PlanStages, RunsADocumentWithItsInterpreterThroughTheShell) {
    const PlanResult result = plan_of("FROM base:1\nRUN <<EOF\n#!/bin/x\n$a\nEOF\n");
    const auto run = std::get<RunAction>(result.plan.stages[0].steps[0].action);
    EXPECT_EQ(run.argv, (std::vector<std::string>{"/bin/sh", "-c", "/dev/pipes/EOF"}));
    EXPECT_EQ(run.script.value(), (InlineFile{"EOF", "#!/bin/x\n$a\n"}));
}

TEST(PlanStages, SaysNothingOfStagesThatNobodyNeeds) {
    const std::string text =
        "FROM base:1 AS other\nRUN --mount=type=secret,id=x true\n"
        "FROM base:1 AS wanted\nRUN true\n";
    EXPECT_EQ(problems(text, "wanted"), "");
    EXPECT_THAT(problems(text, "other"), HasSubstr("is not allowed"));
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
