#include "engine/build.hpp"

#include "archive/digester.hpp"
#include "base/error.hpp"
#include "dockerfile/parser.hpp"
#include "store/faulty_blob_store.hpp"
#include "support/build_machine.hpp"
#include "support/code_of.hpp"
#include "support/mounts.hpp"

#include <gmock/gmock.h>

namespace nacre::engine::test {
namespace {

using nacre::test::code_of;
using nacre::test::message_of;
using testing::HasSubstr;
using Strings = std::vector<std::string>;

constexpr const char* kWholeDockerfile = R"(FROM busybox:1 AS tools
RUN mkdir /out && echo tool > /out/tool && chmod 755 /out/tool && ln /out/tool /out/same
FROM busybox:1
ARG VERSION=3
ENV APP=/srv/app
COPY conf/ /etc/app/
COPY --chown=web:media one.txt /etc/app/renamed.txt
WORKDIR $APP
COPY --from=tools /out .
USER web
RUN echo "$VERSION $APP $(id -u):$(id -g) $HOME" > /tmp/said && pwd
LABEL name=whole
CMD ["./tool"]
)";

void fill_context(Machine& machine) {
    machine.context.add_file("conf/a.conf", "a");
    machine.context.add_file("conf/deep/b.conf", "b", 0600);
    machine.context.add_symlink("conf/link", "a.conf");
    machine.context.add_file("one.txt", "1");
}

TEST_F(BuildTest, RefusesServicesWithoutAFolder) {
    const dockerfile::ParseResult file = dockerfile::parse("FROM scratch\n", "Dockerfile");
    const BuildRequest request{
        .dockerfile = file.tree, .context = machine().context, .plan = {}, .container_prefix = "x"};
    RecordedProgress progress;
    for (const auto place :
         {&BuildServices::locks,
          &BuildServices::indexes,
          &BuildServices::temporary,
          &BuildServices::cache_mounts}) {
        BuildServices services = machine().services();
        services.*place = "";
        EXPECT_EQ(code_of([&] { build(request, services, progress, {}); }), ErrorCode::Internal);
    }
}

TEST_F(BuildTest, RunsAndCopiesAndKeepsTheSettings) {
    fill_context(machine());
    RecordedProgress progress;
    const BuildResult image = machine().build(kWholeDockerfile, progress);

    EXPECT_EQ(
        progress.steps,
        (Strings{
            "1/6 tools RUN mkdir /out && echo tool > /out/tool && chmod 755 /out/tool && ln "
            "/out/tool /out/same",
            "2/6 1 COPY conf/ /etc/app/",
            "3/6 1 COPY --chown=web:media one.txt /etc/app/renamed.txt",
            "4/6 1 WORKDIR $APP",
            "5/6 1 COPY --from=tools /out .",
            "6/6 1 RUN echo \"$VERSION $APP $(id -u):$(id -g) $HOME\" > /tmp/said && pwd"}));
    EXPECT_EQ(progress.text, "/srv/app\n");

    ASSERT_EQ(image.layers.size(), 6U);
    EXPECT_EQ(
        machine().entries(image.layers[1]),
        (Strings{
            "etc/ 0755 0:0",
            "etc/app/ 0755 0:0",
            "etc/app/a.conf 0644 0:0",
            "etc/app/deep/ 0755 0:0",
            "etc/app/deep/b.conf 0600 0:0",
            "etc/app/link -> a.conf"}));
    EXPECT_EQ(
        machine().entries(image.layers[2]),
        (Strings{"etc/ 0755 0:0", "etc/app/ 0755 0:0", "etc/app/renamed.txt 0644 1000:2000"}));
    EXPECT_EQ(machine().entries(image.layers[3]), (Strings{"srv/ 0755 0:0", "srv/app/ 0755 0:0"}));
    EXPECT_EQ(
        machine().entries(image.layers[4]),
        (Strings{
            "srv/ 0755 0:0",
            "srv/app/ 0755 0:0",
            "srv/app/same 0755 0:0",
            "srv/app/tool -> srv/app/same"}));
    EXPECT_EQ(
        machine().entries(image.layers[5]), (Strings{"tmp/ 1777 0:0", "tmp/said 0644 1000:1001"}));
    EXPECT_EQ(machine().content(image.layers[5], "tmp/said"), "3 /srv/app 1000:1001 /home/web\n");

    EXPECT_EQ(image.config.user, "web");
    EXPECT_EQ(image.config.working_dir, "/srv/app");
    EXPECT_EQ(image.config.cmd, (Strings{"./tool"}));
    EXPECT_EQ(oci::find_env(image.config, "APP"), "/srv/app");
    EXPECT_EQ(oci::find_env(image.config, "VERSION"), std::nullopt);
    EXPECT_EQ(image.config.created, "2023-11-14T22:13:20Z");
    ASSERT_EQ(image.config.diff_ids.size(), 6U);
    EXPECT_EQ(std::ranges::count(image.config.history, false, &oci::HistoryEntry::empty_layer), 6);
    ASSERT_EQ(image.bases.size(), 1U);
    EXPECT_EQ(image.bases[0].first, "busybox:1");
    EXPECT_EQ(machine().leftovers(), Strings{});
}

TEST_F(BuildTest, GivesEqualDigestsOnTwoMachines) {
    fill_context(machine());
    Machine other;
    fill_context(other);
    const BuildResult first = machine().build(kWholeDockerfile);
    const BuildResult second = other.build(kWholeDockerfile);
    EXPECT_EQ(first.layers, second.layers);
    EXPECT_EQ(first.manifest.digest, second.manifest.digest);
}

TEST_F(BuildTest, TellsWhatAFailedStepWrote) {
    const std::string text = "FROM busybox:1\nRUN echo before; echo wrong >&2; exit 7\n";
    try {
        machine().build(text);
        FAIL() << "the step succeeded";
    } catch (const StepFailure& failure) {
        EXPECT_EQ(failure.status().code, 7);
        EXPECT_THAT(failure.describe(), HasSubstr("Dockerfile:2: RUN echo before"));
        EXPECT_THAT(failure.describe(), HasSubstr("exited with 7"));
        EXPECT_THAT(failure.describe(), HasSubstr("before\nwrong"));
    }
    EXPECT_EQ(machine().leftovers(), Strings{});
}

TEST_F(BuildTest, NamesEachBaseThatIsMissing) {
    const std::string message = message_of(
        [&] { machine().build("FROM busybox:2 AS a\nFROM nothing\nCOPY --from=a /x /y\n"); });
    EXPECT_THAT(message, HasSubstr("busybox:2"));
    EXPECT_THAT(message, HasSubstr("did you mean 'busybox:1'"));
    EXPECT_THAT(message, HasSubstr("'nothing' is not in this service's registry"));
    EXPECT_THAT(message, HasSubstr("Dockerfile:2"));
}

TEST_F(BuildTest, StopsInTheMiddleOfAStep) {
    std::stop_source stop;
    RecordedProgress progress;
    progress.on_output = [&] { stop.request_stop(); };
    EXPECT_THROW(
        machine().build(
            "FROM busybox:1\nRUN echo started; (sleep 86397 &); sleep 86398\n",
            progress,
            stop.get_token()),
        Cancelled);
    EXPECT_EQ(progress.text, "started\n");
    EXPECT_EQ(machine().leftovers(), Strings{});
    EXPECT_EQ(nacre::test::processes_with("86397"), Strings{});
    EXPECT_EQ(nacre::test::processes_with("86398"), Strings{});
}

TEST_F(BuildTest, GivesStepsNoNetworkButTheLoopback) {
    RecordedProgress progress;
    machine().build("FROM busybox:1\nRUN cat /proc/net/route; ls /sys/class/net\n", progress);
    EXPECT_THAT(progress.text, testing::Not(HasSubstr("00000000")));
    EXPECT_THAT(progress.text, testing::EndsWith("lo\n"));
}

TEST_F(BuildTest, LeavesNoTraceOfTheRuntimeInTheLayer) {
    const BuildResult image = machine().build("FROM busybox:1\nRUN true\nRUN touch /one\n");
    EXPECT_EQ(machine().entries(image.layers[1]), Strings{});
    EXPECT_EQ(machine().entries(image.layers[2]), Strings{"one 0644 0:0"});
}

TEST_F(BuildTest, StartsFromScratch) {
    machine().context.add_file("hello", "hello", 0755);
    const BuildResult image = machine().build("FROM scratch\nCOPY hello /\nCMD [\"/hello\"]\n");
    ASSERT_EQ(image.layers.size(), 1U);
    EXPECT_EQ(machine().entries(image.layers[0]), Strings{"hello 0755 0:0"});
    EXPECT_EQ(image.config.platform.architecture, "amd64");
    EXPECT_TRUE(image.bases.empty());
}

TEST_F(BuildTest, BuildsWhatTheTargetNeedsOnly) {
    machine().target = "wanted";
    RecordedProgress progress;
    machine().build(
        "FROM missing:1 AS unused\nRUN false\nFROM busybox:1 AS wanted\nRUN echo x\n"
        "FROM wanted\nRUN false\n",
        progress);
    EXPECT_EQ(progress.steps, Strings{"1/1 RUN echo x"});
}

TEST_F(BuildTest, RemovesWhatAStepDeletes) {
    const BuildResult image =
        machine().build("FROM busybox:1\nRUN rm /etc/group && rm -r /tmp && mkdir /tmp\n");
    EXPECT_THAT(machine().entries(image.layers[1]), testing::Contains(HasSubstr("etc/.wh.group")));
    EXPECT_THAT(
        machine().entries(image.layers[1]), testing::Contains(HasSubstr("tmp/.wh..wh..opq")));
}

TEST_F(BuildTest, CopiesFromAnImageAndFromAStageBelow) {
    const BuildResult image = machine().build(
        "FROM busybox:1 AS a\nRUN echo a > /a\nFROM a AS b\nRUN echo b > /b\n"
        "FROM scratch\nCOPY --from=b /a /b /\nCOPY --from=busybox:1 /etc/passwd /p\n");
    ASSERT_EQ(image.layers.size(), 2U);
    EXPECT_EQ(machine().entries(image.layers[0]), (Strings{"a 0644 0:0", "b 0644 0:0"}));
    EXPECT_EQ(machine().entries(image.layers[1]), Strings{"p 0644 0:0"});
}

TEST_F(BuildTest, UsesTheDigestThatWasPinned) {
    const oci::Digest pinned =
        machine().build("FROM busybox:1\nLABEL pinned=yes\n").manifest.digest;
    machine().names.add_manifest("busybox", {pinned, std::string{oci::kMediaTypeManifest}});
    machine().pins = {{"busybox:1", pinned}};
    const BuildResult image = machine().build("FROM busybox:1\nRUN true\n");
    EXPECT_EQ(oci::find_label(image.config, "pinned"), "yes");
    EXPECT_EQ(image.bases[0].second, pinned);
}

TEST_F(BuildTest, SaysWhenAProgramIsNotInTheImage) {
    EXPECT_EQ(
        code_of([&] { machine().build("FROM busybox:1\nRUN [\"/nothing\"]\n"); }),
        ErrorCode::NotFound);
    EXPECT_EQ(machine().leftovers(), Strings{});
}

TEST_F(BuildTest, SaysWhatIsNotInTheContext) {
    machine().context.add_file("settings.conf", "x");
    const std::string message =
        message_of([&] { machine().build("FROM busybox:1\nCOPY setings.conf /\n"); });
    EXPECT_THAT(message, HasSubstr("Dockerfile:2: COPY setings.conf /"));
    EXPECT_THAT(message, HasSubstr("'setings.conf' is not in the build context"));
}

TEST_F(BuildTest, LeavesNothingWhereverTheStoreFails) {
    machine().context.add_file("one.txt", "1");
    constexpr int kCallsMax = 500;
    int failing = 1;
    for (; failing < kCallsMax; ++failing) {
        store::FaultyBlobStore faulty{machine().blobs, failing};
        machine().other_blobs = &faulty;
        // Each round writes layers that no earlier one wrote.
        const std::string round = std::to_string(failing);
        const std::string text = "FROM busybox:1 AS a\nRUN echo " + round
                                 + " > /a\nFROM scratch\nCOPY --from=a /a /a\nCOPY one.txt /"
                                 + round + "\n";
        try {
            machine().build(text);
            break;
        } catch (const Error& error) {
            EXPECT_EQ(error.code(), ErrorCode::Unavailable) << error.describe();
        }
        EXPECT_EQ(machine().leftovers(), Strings{}) << "call " << failing;
    }
    EXPECT_GT(failing, 10);
    EXPECT_LT(failing, kCallsMax);
    for (const oci::Digest& digest : machine().blobs.list()) {
        const std::string bytes = store::read_blob(machine().blobs, digest, 64U << 20U);
        EXPECT_EQ(archive::hash_hex(archive::HashAlgorithm::Sha256, as_bytes(bytes)), digest.hex());
    }
}

TEST_F(BuildTest, UnpacksABaseAgainAfterItFailed) {
    store::FaultyBlobStore faulty{machine().blobs, 2};  // the first read of the layer
    machine().other_blobs = &faulty;
    EXPECT_EQ(
        code_of([&] { machine().build("FROM busybox:1\nRUN true\n"); }), ErrorCode::Unavailable);
    EXPECT_TRUE(machine().snapshots.layers().empty());
    EXPECT_EQ(machine().leftovers(), Strings{});
    machine().other_blobs = nullptr;
    EXPECT_NO_THROW(machine().build("FROM busybox:1\nRUN true\n"));
}

}  // namespace
}  // namespace nacre::engine::test
