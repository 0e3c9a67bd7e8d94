// Traps of RUN, stages and variables.
#include "traps/trap.hpp"

namespace nacre::engine::test {
namespace {

using StepTrap = TrapTest;

TEST_F(StepTrap, GroupOfUserIsTheGroupOfRun) {
    build("FROM busybox:1\nUSER web:media\nRUN id -u; id -g\nUSER 5:6\nRUN id -u; id -g\n");
    EXPECT_EQ(said(), "1000\n2000\n5\n6\n");
}

TEST_F(StepTrap, VolumeMakesNoFolder) {
    const BuildResult& image =
        build("FROM busybox:1\nVOLUME /data\nRUN ls -d /data 2>&1 || true\n");
    EXPECT_EQ(said(), "ls: /data: No such file or directory\n");
    EXPECT_THAT(last_entries(), IsEmpty());
    EXPECT_EQ(image.config.volumes, Strings{"/data"});
}

TEST_F(StepTrap, ZombiesDoNotHangAStep) {
    machine().run_time_limit = std::chrono::seconds{30};
    build(
        "FROM busybox:1\n"
        "RUN for i in $(seq 50); do (sh -c 'true &' &); done; (sleep 86391 &); echo done\n");
    EXPECT_EQ(said(), "done\n");
}

TEST_F(StepTrap, ArgumentsDoNotLeakBetweenStages) {
    machine().build_args = {{"GIVEN", "given"}};
    build(
        "FROM busybox:1 AS a\nARG OWN=own\nARG GIVEN\nENV BY_ENV=env\nRUN echo a $OWN $GIVEN\n"
        "FROM busybox:1 AS b\nRUN echo \"b <$OWN> <$GIVEN> <$BY_ENV>\"\n"
        "FROM a\nCOPY --from=b /etc/passwd /p\nRUN echo \"c <$OWN> <$GIVEN> <$BY_ENV>\"\n");
    EXPECT_THAT(said(), HasSubstr("a own given\n"));
    EXPECT_THAT(said(), HasSubstr("b <> <> <>\n"));
    // What is FROM a stage has its arguments, as in BuildKit.
    EXPECT_THAT(said(), HasSubstr("c <own> <given> <env>\n"));
}

TEST_F(StepTrap, LaterOneOfEnvAndArgWinsInAStageAndEnvInThoseFromIt) {
    machine().build_args = {{"C", "given"}};
    build(
        "FROM busybox:1 AS base\nENV A=1\nARG A=2\nARG B=3\nENV B=4\nENV C=5\nARG C\n"
        "RUN echo first $A $B $C\nFROM base\nRUN echo child $A $B $C\nENV A=9\nRUN echo later "
        "$A\n");
    EXPECT_EQ(said(), "first 2 4 given\nchild 1 4 5\nlater 9\n");
}

TEST_F(StepTrap, StagesAreNamedByNumberAndInAnyCase) {
    build(
        "FROM busybox:1 AS Made\nRUN echo 0 > /zero\nFROM busybox:1\nRUN echo 1 > /one\n"
        "FROM MADE AS thiRd\nCOPY --from=1 /one /\n"
        "FROM scratch\nCOPY --from=mADE /zero /a/\nCOPY --from=Third /one /zero /b/\n");
    EXPECT_THAT(last_entries(), ElementsAre("b/ 0755 0:0", "b/one 0644 0:0", "b/zero 0644 0:0"));
}

}  // namespace
}  // namespace nacre::engine::test
