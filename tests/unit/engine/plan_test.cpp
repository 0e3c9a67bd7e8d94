#include "engine/plan.hpp"

#include "base/text.hpp"
#include "dockerfile/parser.hpp"

#include <gmock/gmock.h>

namespace nacre::engine {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using Strings = std::vector<std::string>;

struct Inputs {
    std::string target;
    std::vector<std::pair<std::string, std::string>> build_args;
    std::vector<std::pair<std::string, std::string>> labels;
    oci::ImageConfig base;  ///< of "base:1"
};

PlanResult plan(const std::string& text, const Inputs& inputs = {}) {
    const dockerfile::ParseResult parsed = dockerfile::parse(text, "Dockerfile");
    EXPECT_TRUE(parsed.ok()) << render(parsed.diagnostics);
    PlanOptions options{.platform = {.architecture = "amd64"}, .labels = inputs.labels};
    options.inputs.target = inputs.target;
    options.inputs.build_args = dockerfile::Variables{inputs.build_args};
    options.inputs.platform_args =
        dockerfile::make_platform_arguments("linux/amd64", "linux/amd64");
    return make_plan(parsed.tree, options, {{"base:1", inputs.base}});
}

std::string origin_of(const CopyAction& copy) {
    if (const auto* stage = std::get_if<FromStage>(&copy.origin))
        return " from stage " + std::to_string(stage->index);
    if (const auto* image = std::get_if<FromImage>(&copy.origin))
        return " from image " + image->reference;
    return "";
}

std::string line_of(const Step& step) {
    if (const auto* run = std::get_if<RunAction>(&step.action))
        return "run [" + join(run->argv, "|") + "] in " + run->working_dir + " as '" + run->user
               + "' with " + join(run->env, " ")
               + (run->network == dockerfile::NetworkMode::None ? ", no network" : "");
    if (const auto* copy = std::get_if<CopyAction>(&step.action)) {
        std::string line = copy->unpack_archives ? "add" : "copy";
        for (const InlineFile& file : copy->files)
            line += " <" + file.name + ":" + std::string{trim(file.content)} + ">";
        for (const std::string& source : copy->sources)
            line += " " + source;
        line += origin_of(*copy) + " to " + copy->destination;
        if (!copy->owner.empty()) line += " owner " + copy->owner;
        if (copy->mode) line += " mode " + copy->mode->text();
        if (!copy->excludes.empty()) line += " without " + join(copy->excludes, ",");
        return line;
    }
    if (const auto* folder = std::get_if<WorkdirAction>(&step.action))
        return "folder " + folder->path + " as '" + folder->user + "'";
    return "set " + step.created_by;
}

/// The steps of the last needed stage.
Strings steps(const std::string& text, const Inputs& inputs = {}) {
    const PlanResult result = plan(text, inputs);
    EXPECT_FALSE(has_errors(result.diagnostics)) << render(result.diagnostics);
    Strings lines;
    for (const Step& step : result.plan.stages[result.plan.needed.back()].steps)
        lines.push_back(line_of(step));
    return lines;
}

std::string problems(const std::string& text) {
    return render(plan(text).diagnostics);
}

constexpr const char* kPath = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

TEST(Plan, RunsAShellOrTheWordsThemselves) {
    const std::string in_root = std::string{" in / as '' with "} + kPath;
    EXPECT_THAT(
        steps("FROM base:1\nRUN echo $HOME \"x\"\nRUN [\"/bin/x\", \"$A\"]\n"
              "SHELL [\"/bin/bash\", \"-ec\"]\nRUN a\n"),
        ElementsAre(
            "run [/bin/sh|-c|echo $HOME \"x\"]" + in_root,
            "run [/bin/x|$A]" + in_root,
            "set SHELL [/bin/bash -ec]",
            "run [/bin/bash|-ec|a]" + in_root));
}

TEST(Plan, GivesStepsTheEnvironmentOfTheirPlace) {
    EXPECT_THAT(
        steps(
            "FROM base:1\nARG A=1\nARG B\nENV PATH=/bin C=$A\nARG C=9\nWORKDIR /srv/${C}x\n"
            "USER web:media\nRUN --network=none x\n",
            {.build_args = {{"B", "two"}}}),
        ElementsAre(
            "set ARG A=1",
            "set ARG B=two",
            "set ENV PATH=/bin C=1",
            "set ARG C=9",
            "folder /srv/9x as ''",
            "set USER web:media",
            "run [/bin/sh|-c|x] in /srv/9x as 'web:media' with PATH=/bin C=9 A=1 B=two, no "
            "network"));
}

TEST(Plan, TakesOverWhatTheBaseSets) {
    oci::ImageConfig base;
    base.env = {"PATH=/opt/bin", "LEVEL=3"};
    base.working_dir = "/home";
    base.user = "app";
    base.cmd = Strings{"serve"};
    base.entrypoint = Strings{"/init"};
    base.labels = {{"from", "base"}};
    const PlanResult result =
        plan("FROM base:1\nCOPY a$LEVEL b\nENTRYPOINT [\"x\"]\n", {.base = base});
    const StagePlan& stage = result.plan.stages[0];
    EXPECT_EQ(line_of(stage.steps[0]), "copy a3 to /home/b");
    EXPECT_EQ(stage.config.user, "app");
    EXPECT_EQ(stage.config.entrypoint, (Strings{"x"}));
    EXPECT_EQ(stage.config.cmd, std::nullopt);  // the base's CMD belonged to its ENTRYPOINT
    EXPECT_EQ(oci::find_label(stage.config, "from"), "base");
}

TEST(Plan, RunsTheTriggersOfTheBaseFirst) {
    oci::ImageConfig base;
    base.on_build = {"COPY . /app", "ENV A=1"};
    const PlanResult result = plan("FROM base:1\nENV B=$A\n", {.base = base});
    const StagePlan& stage = result.plan.stages[0];
    ASSERT_EQ(stage.steps.size(), 3U);
    EXPECT_EQ(line_of(stage.steps[0]), "copy . to /app");
    EXPECT_EQ(line_of(stage.steps[2]), "set ENV B=1");
    EXPECT_TRUE(stage.config.on_build.empty());
}

TEST(Plan, ResolvesDestinationsAsNames) {
    EXPECT_THAT(
        steps("FROM base:1\nWORKDIR /a/b\nCOPY x .\nCOPY x ../c/\nCOPY x y /../d/\nCOPY x /\n"),
        ElementsAre(
            "folder /a/b as ''",
            "copy x to /a/b/",
            "copy x to /a/c/",
            "copy x y to /d/",
            "copy x to /"));
}

TEST(Plan, KeepsTheOptionsOfCopies) {
    EXPECT_THAT(
        steps(
            "FROM base:1 AS one\nFROM base:1\n"
            "COPY --from=one --chown=web --chmod=0750 --exclude=*.o a /b\n"
            "COPY --from=0 a /b\nCOPY --from=other:2 a /b\nADD x.tar /y/\n"
            "COPY <<one.txt <<\"two.txt\" /d/\n1 $PATH_TO\none.txt\n$2\ntwo.txt\n",
            {}),
        ElementsAre(
            "copy a from stage 0 to /b owner web mode 0750 without *.o",
            "copy a from stage 0 to /b",
            "copy a from image other:2 to /b",
            "add x.tar to /y/",
            "copy <one.txt:1> <two.txt:$2> to /d/"));
}

TEST(Plan, NeedsOnlyTheStagesOfItsTarget) {
    const std::string text =
        "FROM base:1 AS a\nFROM base:1 AS unused\nFROM a AS b\nFROM base:1 AS c\n"
        "COPY --from=b x y\nFROM base:1\n";
    EXPECT_EQ(plan(text).plan.needed, std::vector<std::size_t>{4});
    EXPECT_EQ(plan(text, {.target = "c"}).plan.needed, (std::vector<std::size_t>{0, 2, 3}));
    EXPECT_EQ(plan(text, {.target = "b"}).plan.needed, (std::vector<std::size_t>{0, 2}));
}

TEST(Plan, KeepsTheSettings) {
    const PlanResult result = plan(
        "FROM scratch\nLABEL a=1 b=\"2 3\"\nEXPOSE 80 90-91/udp\nVOLUME /data\nSTOPSIGNAL SIGINT\n"
        "CMD run me\nHEALTHCHECK --interval=5s CMD check\nONBUILD RUN x\n",
        {.labels = {{"a", "service"}, {"c", "4"}}});
    const oci::ImageConfig& config = result.plan.stages[0].config;
    EXPECT_EQ(oci::find_label(config, "a"), "service");
    EXPECT_EQ(oci::find_label(config, "b"), "2 3");
    EXPECT_EQ(oci::find_label(config, "c"), "4");
    EXPECT_EQ(config.exposed_ports, (Strings{"80/tcp", "90/udp", "91/udp"}));
    EXPECT_EQ(config.volumes, Strings{"/data"});
    EXPECT_EQ(config.stop_signal, "SIGINT");
    EXPECT_EQ(config.cmd, (Strings{"/bin/sh", "-c", "run me"}));
    EXPECT_EQ(config.healthcheck->test, (Strings{"CMD-SHELL", "check"}));
    EXPECT_EQ(config.healthcheck->interval, std::chrono::seconds{5});
    EXPECT_EQ(config.on_build, Strings{"RUN x"});
    EXPECT_EQ(config.platform.architecture, "amd64");
}

TEST(Plan, WritesTheHistoryThatUsersOfDockerKnow) {
    const PlanResult result = plan(
        "FROM base:1\nARG V=2\nRUN make $V\nCOPY --chown=web a b /c/\nCMD [\"x\", \"-y\"]\n",
        {.build_args = {{"HTTP_PROXY", "secret"}}});
    Strings history;
    for (const Step& step : result.plan.stages[0].steps)
        history.push_back(step.created_by);
    EXPECT_THAT(
        history,
        ElementsAre(
            "ARG V=2",
            "RUN |1 V=2 /bin/sh -c make $V",
            "COPY --chown=web a b /c/",
            "CMD [\"x\" \"-y\"]"));
}

TEST(Plan, ExpandsMountsAndMakesTheirTargetsAbsolute) {
    const PlanResult result = plan(
        "FROM base:1 AS tools\nFROM base:1\nARG D=data\nWORKDIR /srv\n"
        "RUN --mount=type=cache,target=$D/x,id=${D}-id "
        "--mount=type=bind,from=tools,source=/bin,target=../bin "
        "--mount=target=/c --mount=type=tmpfs,target=/t,size=1m x\n");
    EXPECT_EQ(render(result.diagnostics), "");
    const auto& run = std::get<RunAction>(result.plan.stages[1].steps.back().action);
    ASSERT_EQ(run.mounts.size(), 4U);
    const auto& cache = std::get<dockerfile::CacheMount>(run.mounts[0].mount);
    EXPECT_EQ(cache.target, "/srv/data/x");
    EXPECT_EQ(cache.id, "data-id");
    EXPECT_EQ(run.mounts[0].origin, std::nullopt);
    EXPECT_EQ(std::get<dockerfile::BindMount>(run.mounts[1].mount).target, "/bin");
    EXPECT_EQ(run.mounts[1].origin, CopyOrigin{FromStage{0}});
    EXPECT_EQ(run.mounts[2].origin, CopyOrigin{FromContext{}});
    EXPECT_EQ(std::get<dockerfile::TmpfsMount>(run.mounts[3].mount).size, 1U << 20U);
    // The stage is needed for its files only.
    EXPECT_EQ(result.plan.needed, (std::vector<std::size_t>{0, 1}));
}

TEST(Plan, KnowsTheSpaceOfCacheMounts) {
    PlanOptions options;
    options.inputs.build_args = dockerfile::Variables{{{"BUILDKIT_CACHE_MOUNT_NS", "team"}}};
    const dockerfile::ParseResult parsed =
        dockerfile::parse("FROM scratch\nRUN --mount=type=cache,target=/c x\n", "Dockerfile");
    const PlanResult result = make_plan(parsed.tree, options, {});
    const auto& run = std::get<RunAction>(result.plan.stages[0].steps.back().action);
    EXPECT_EQ(std::get<dockerfile::CacheMount>(run.mounts[0].mount).id, "team//c");
}

TEST(Plan, RefusesMountsThatCannotBe) {
    const std::string found =
        problems("FROM base:1\nRUN --mount=target=/a/.. x\nRUN --mount=source=*.txt,target=/b x\n");
    EXPECT_THAT(found, HasSubstr("needed a path below the root"));
    EXPECT_THAT(found, HasSubstr("'source' is '*.txt', needed one path"));
}

TEST(Plan, ReportsAllThatIsNotSupportedWithItsPlace) {
    const std::string found = problems(
        "FROM base:1\nRUN --mount=type=secret,id=token x\nRUN --security=insecure x\n"
        "RUN --network=host x\nCOPY a b /c\nEXPOSE 0\nCOPY --chmod=u+q a /b\n");
    for (const char* problem :
         {"Dockerfile:2",
          "--mount=type=secret is not allowed: builds of this service get no secrets",
          "Dockerfile:3",
          "--security=insecure needs the entitlement 'security.insecure'",
          "--network=host needs the entitlement 'network.host'",
          "'/c' must end in '/'",
          "invalid port '0'",
          "the mode 'u+q' is neither octal"})
        EXPECT_THAT(found, HasSubstr(problem));
}

}  // namespace
}  // namespace nacre::engine
