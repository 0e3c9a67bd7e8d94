#include "base/error.hpp"
#include "base/thread_group.hpp"
#include "engine/build.hpp"
#include "support/build_machine.hpp"
#include "support/code_of.hpp"

#include <gmock/gmock.h>

namespace nacre::engine::test {
namespace {

using nacre::test::message_of;
using testing::Each;
using testing::HasSubstr;
using Strings = std::vector<std::string>;
using Outcomes = std::vector<Progress::Outcome>;

constexpr auto kDone = Progress::Outcome::Done;
constexpr auto kCached = Progress::Outcome::Cached;

constexpr const char* kDockerfile =
    "FROM busybox:1 AS tools\nRUN echo tool > /tool && cat /proc/sys/kernel/random/uuid > /random\n"
    "FROM busybox:1\nWORKDIR /srv\nWORKDIR /srv\nCOPY one.txt .\nCOPY --from=tools /tool /random "
    "/t/\n"
    "RUN echo ran; cat /srv/one.txt /t/random > /all\nCMD [\"x\"]\n";

class BuildCacheTest : public BuildTest {
protected:
    void SetUp() override {
        BuildTest::SetUp();
        if (IsSkipped()) return;
        machine().cache = &cache;
        machine().context.add_file("one.txt", "1");
    }

    BuildResult build(const std::string& text = kDockerfile) {
        progress = {};
        return machine().build(text, progress);
    }

    MemoryStepCache cache;
    RecordedProgress progress;
};

TEST_F(BuildCacheTest, GivesTheSameImageWithoutRunningAnything) {
    const BuildResult first = build();
    EXPECT_THAT(progress.outcomes, Each(kDone));
    EXPECT_EQ(progress.text, "ran\n");
    const BuildResult second = build();
    EXPECT_EQ(progress.outcomes, Outcomes(6, kCached));
    EXPECT_EQ(progress.text, "");
    // One of the files is different each time its step is really run.
    EXPECT_EQ(first.layers, second.layers);
    EXPECT_EQ(first.manifest, second.manifest);
    EXPECT_EQ(first.config.history, second.config.history);
}

TEST_F(BuildCacheTest, RunsWhatChangedAndWhatIsAboveIt) {
    build();
    machine().context.add_file("two.txt", "2");
    build("FROM busybox:1\nWORKDIR /srv\nCOPY two.txt .\nRUN cat /srv/two.txt\n");
    EXPECT_EQ(progress.outcomes, (Outcomes{kCached, kDone, kDone}));
    EXPECT_EQ(progress.text, "2");
}

TEST_F(BuildCacheTest, NeverTakesAStepOfAnotherTrust) {
    machine().trust = Trust::Scratch;
    const BuildResult scratch = build();
    machine().trust = Trust::Official;
    const BuildResult official = build();
    EXPECT_THAT(progress.outcomes, Each(kDone));
    EXPECT_NE(scratch.layers.back(), official.layers.back());
    machine().trust = Trust::Scratch;
    EXPECT_EQ(build().manifest, scratch.manifest);
    EXPECT_THAT(progress.outcomes, Each(kCached));
}

TEST_F(BuildCacheTest, RunsAStepOnceThatTwoBuildsComeToAtTheSameTime) {
    std::vector<std::optional<BuildResult>> results(3);
    {
        ThreadGroup group;
        for (auto& result : results)
            group.start("build", [&](const std::stop_token&) {
                RecordedProgress mine;
                result = machine().build(
                    "FROM busybox:1\nRUN cat /proc/sys/kernel/random/uuid > /random\n", mine);
            });
        group.join();
    }
    EXPECT_EQ(results[0]->manifest, results[1]->manifest);
    EXPECT_EQ(results[0]->manifest, results[2]->manifest);
    EXPECT_TRUE(std::filesystem::is_empty(machine().services().locks));
}

TEST_F(BuildCacheTest, RunsStepsWithNetworkAgainUnlessAskedToReuseThem) {
    constexpr const char* kSteps =
        "FROM busybox:1\nRUN echo out > /out\nRUN --network=none echo in > /in\nCOPY one.txt /\n";
    machine().network = exec::NetworkMode::Host;
    build(kSteps);
    build(kSteps);
    EXPECT_EQ(progress.outcomes, (Outcomes{kDone, kCached, kCached}));
    machine().network_steps = NetworkSteps::Reuse;
    build(kSteps);
    build(kSteps);
    EXPECT_THAT(progress.outcomes, Each(kCached));
}

TEST_F(BuildCacheTest, RunsAStepAgainWhoseBlobIsGone) {
    const BuildResult first = build("FROM busybox:1\nRUN echo a > /a\n");
    machine().blobs.remove(first.layers.back().blob.digest);
    const BuildResult second = build("FROM busybox:1\nRUN echo a > /a\n");
    EXPECT_EQ(progress.outcomes, Outcomes{kDone});
    EXPECT_EQ(first.manifest, second.manifest);
    EXPECT_TRUE(machine().blobs.find(first.layers.back().blob.digest));
}

TEST_F(BuildCacheTest, RemembersNoStepThatFailed) {
    const std::string text = "FROM busybox:1\nRUN echo tried; exit 3\n";
    EXPECT_THROW(build(text), StepFailure);
    EXPECT_THROW(build(text), StepFailure);
    EXPECT_EQ(progress.text, "tried\n");
    EXPECT_EQ(machine().leftovers(), Strings{});
}

TEST_F(BuildCacheTest, RunsOnTopOfLayersThatWereNeverUnpackedHere) {
    build("FROM busybox:1\nRUN echo a > /a\n");
    for (const oci::DiffId& diff_id : machine().snapshots.layers())
        machine().snapshots.remove_layer(diff_id);
    build("FROM busybox:1\nRUN echo a > /a\nRUN cat /a\n");
    EXPECT_EQ(progress.outcomes, (Outcomes{kCached, kDone}));
    EXPECT_EQ(progress.text, "a\n");
}

/// Neither reads nor writes.
class BrokenStepCache final : public StepCache {
public:
    std::optional<StepRecord> find(const StepKey& /*key*/) const override {
        throw Error{ErrorCode::ResourceExhausted, "no disk"};
    }

    void keep(const StepKey& /*key*/, const StepRecord& /*record*/) override {
        throw Error{ErrorCode::ResourceExhausted, "no disk"};
    }
};

TEST_F(BuildCacheTest, BuildsWithACacheThatFailsAndSaysSo) {
    BrokenStepCache broken;
    machine().cache = &broken;
    build("FROM busybox:1\nRUN echo ran\n");
    EXPECT_EQ(progress.text, "ran\n");
    EXPECT_THAT(progress.notes, testing::Contains(HasSubstr("the build cache cannot be read")));
    EXPECT_THAT(progress.notes, testing::Contains(HasSubstr("the build cache cannot be written")));
}

TEST_F(BuildCacheTest, MakesALinkedLayerOfItsOwn) {
    const std::string tail = "COPY --link one.txt /tmp/sub/\n";
    const BuildResult one = build("FROM busybox:1\n" + tail);
    EXPECT_EQ(
        machine().entries(one.layers.back()),
        (Strings{"tmp/ 0755 0:0", "tmp/sub/ 0755 0:0", "tmp/sub/one.txt 0644 0:0"}));
    const BuildResult other = build("FROM busybox:1\nRUN echo other > /other\n" + tail);
    EXPECT_EQ(progress.outcomes, (Outcomes{kDone, kCached}));
    EXPECT_EQ(one.layers.back(), other.layers.back());
    // What is below stays.
    build(
        "FROM busybox:1\nRUN echo kept > /tmp/kept\n" + tail
        + "RUN cat /tmp/kept /tmp/sub/one.txt\n");
    EXPECT_EQ(progress.text, "kept\n1");
}

TEST_F(BuildCacheTest, LooksForImagesOfCopyBeforeAnythingRuns) {
    const std::string message =
        message_of([&] { build("FROM busybox:1\nRUN echo ran\nCOPY --from=nothing:1 /a /a\n"); });
    EXPECT_THAT(message, HasSubstr("Dockerfile:3:"));
    EXPECT_THAT(message, HasSubstr("'nothing:1' is not in this service's registry"));
    EXPECT_EQ(progress.text, "");
}

TEST_F(BuildCacheTest, HoldsAStepToItsTimeLimit) {
    machine().run_time_limit = std::chrono::milliseconds{300};
    EXPECT_EQ(
        nacre::test::code_of([&] { build("FROM busybox:1\nRUN sleep 86396\n"); }),
        ErrorCode::DeadlineExceeded);
    EXPECT_EQ(machine().leftovers(), Strings{});
}

}  // namespace
}  // namespace nacre::engine::test
