#include "os/process.hpp"

#include "base/error.hpp"
#include "base/text.hpp"
#include "os/file.hpp"
#include "os/scripted_process_runner.hpp"
#include "os/temp.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

namespace nacre::os {
namespace {

constexpr std::chrono::seconds kLong{60};

Command shell(std::string script) {
    return {.argv = {"/bin/sh", "-c", std::move(script)}, .environment = minimal_environment()};
}

ProcessResult run(const Command& command, const RunOptions& options = {}) {
    SystemProcessRunner runner;
    return runner.run(command, options, {});
}

TEST(Process, GivesTheChildItsEnvironmentAndNothingElse) {
    Command command{.argv = {"env"}, .environment = {"A=1", "B=x y"}};
    EXPECT_EQ(run(command).out, "A=1\nB=x y\n");
}

TEST(Process, GivesTheChildNoDescriptorButTheStandardOnes) {
    const UniqueFd inherited_by_mistake{::open("/dev/null", O_RDONLY)};
    EXPECT_EQ(run({.argv = {"ls", "/proc/self/fd"}}).out, "0\n1\n2\n3\n");
}

TEST(Process, PlacesFurtherDescriptorsWhereTheyAreAsked) {
    Pipe first = make_pipe();
    Pipe second = make_pipe();
    write_all(first.write_end.get(), as_bytes("one"));
    write_all(second.write_end.get(), as_bytes("two"));
    first.write_end.reset();
    second.write_end.reset();
    Command command = shell("cat <&4; cat <&3");
    // Each wants the number that the other has in all likelihood.
    command.descriptors = {{4, first.read_end.get()}, {3, second.read_end.get()}};
    EXPECT_EQ(run(command).out, "onetwo");
}

TEST(Process, WaitsForWhatAProgramLeavesRunning) {
    Command command =
        shell("(exec >/dev/null 2>&1; while kill -0 $$; do :; done; exit 5) & echo gone");
    command.orphans = Orphans::Awaited;
    const ProcessResult result = run(command);
    EXPECT_EQ(result.out, "gone\n");
    EXPECT_EQ(result.status.code, 5);
}

TEST(Process, ReportsTheProgramThatLeftNothingRunning) {
    for (const auto& [script, status] :
         {std::pair{"exit 3", ExitStatus{.code = 3}},
          {"true", ExitStatus{}},
          {"kill -9 $$", ExitStatus{.signal = SIGKILL}}}) {
        Command command = shell(script);
        command.orphans = Orphans::Awaited;
        EXPECT_EQ(run(command).status.describe(), status.describe()) << script;
    }
}

TEST(Process, SaysThatAProgramThatCouldLeaveOrphansIsMissing) {
    Command command{.argv = {"/nothing/here"}};
    command.orphans = Orphans::Awaited;
    EXPECT_THROW(run(command), SystemError);
}

TEST(Process, StandardInputIsEmpty) {
    EXPECT_EQ(run(shell("readlink /proc/self/fd/0; cat")).out, "/dev/null\n");
}

TEST(Process, StartsInTheFolder) {
    EXPECT_EQ(run({.argv = {"pwd"}, .directory = "/usr"}).out, "/usr\n");
    try {
        run({.argv = {"pwd"}, .directory = "/not/there"});
        FAIL() << "nothing was thrown";
    } catch (const Error& error) {
        EXPECT_THAT(error.describe(), testing::HasSubstr("in folder '/not/there'"));
        EXPECT_EQ(error.code(), ErrorCode::NotFound);
    }
}

TEST(Process, ReportsWhyAProgramCannotBeExecuted) {
    try {
        run({.argv = {"/etc/passwd"}});
        FAIL() << "nothing was thrown";
    } catch (const SystemError& error) {
        EXPECT_EQ(error.error_number(), EACCES);
        EXPECT_THAT(error.describe(), testing::HasSubstr("cannot start '/etc/passwd'"));
    }
}

TEST(Process, RefusesNulBytes) {
    EXPECT_THROW(run({.argv = {"echo", std::string{"a\0b", 3}}}), Error);
    EXPECT_THROW(run({.argv = {}}), Error);
}

TEST(Process, StartsWithDefaultSignals) {
    sigset_t some;
    sigset_t before;
    sigemptyset(&some);
    sigaddset(&some, SIGTERM);
    ASSERT_EQ(::pthread_sigmask(SIG_BLOCK, &some, &before), 0);
    struct sigaction ignored = {};
    struct sigaction old = {};
    ignored.sa_handler = SIG_IGN;
    ASSERT_EQ(::sigaction(SIGPIPE, &ignored, &old), 0);
    const auto result = run({.argv = {"grep", "-E", "^Sig(Blk|Ign)", "/proc/self/status"}});
    ::sigaction(SIGPIPE, &old, nullptr);
    ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
    EXPECT_EQ(result.out, "SigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\n");
}

TEST(Process, LeadsAGroupOfItsOwn) {
    SystemProcessRunner runner;
    const auto child = runner.start(shell("sleep 1000 & wait"), {});
    EXPECT_EQ(::getpgid(child->pid()), child->pid());
}

TEST(Process, DestructionKillsTheWholeGroup) {
    SystemProcessRunner runner;
    Pipe pipe = make_pipe();
    {
        const auto child =
            runner.start(shell("sleep 1000 & echo; wait"), {.out = pipe.write_end.get()});
        pipe.write_end.reset();
        char line = 0;
        ASSERT_EQ(::read(pipe.read_end.get(), &line, 1), 1);
    }
    pollfd wait{pipe.read_end.get(), POLLIN, 0};
    EXPECT_EQ(::poll(&wait, 1, 60000), 1);
    char line = 0;
    EXPECT_EQ(::read(pipe.read_end.get(), &line, 1), 0) << "the grandchild holds the pipe";
}

TEST(Process, ABackgroundProcessThatHoldsTheOutputDoesNotHoldTheRun) {
    EXPECT_EQ(run(shell("sleep 1000 & echo done"), {.limit = kLong}).out, "done\n");
}

TEST(Process, DiesWithTheProcessThatStartedIt) {
    SystemProcessRunner runner;
    Pipe pipe = make_pipe();
    const pid_t middle = ::fork();
    if (middle == 0) {
        Command command = shell("echo; exec sleep 1000");
        const auto child = runner.start(command, {.out = pipe.write_end.get()});
        pipe.write_end.reset();
        child->wait_for(std::chrono::hours{1});
        ::_exit(0);
    }
    pipe.write_end.reset();
    char line = 0;
    ASSERT_EQ(::read(pipe.read_end.get(), &line, 1), 1);
    ::kill(middle, SIGKILL);
    ::waitpid(middle, nullptr, 0);
    pollfd wait{pipe.read_end.get(), POLLIN, 0};
    ASSERT_EQ(::poll(&wait, 1, 60000), 1);
    EXPECT_EQ(::read(pipe.read_end.get(), &line, 1), 0);
}

// Prints the number of a daemon that left its group and session, then goes on.
constexpr const char* kDaemonize = "setsid sh -c 'echo $$; exec >/dev/null 2>&1; sleep 1000' & ";

bool lives(pid_t pid) {
    return ::kill(pid, 0) == 0;
}

pid_t read_number(int fd) {
    std::string text;
    for (char c = 0; ::read(fd, &c, 1) == 1 && c != '\n';)
        text += c;
    return static_cast<pid_t>(parse_integer(text).value_or(0));
}

TEST(ProcessTree, EndsWithTheChild) {
    SystemProcessRunner runner;
    Pipe in = make_pipe();
    Pipe out = make_pipe();
    Command command = shell(std::string{kDaemonize} + "read line; exit 7");
    command.orphans = Orphans::Killed;
    const auto child = runner.start(command, {.in = in.read_end.get(), .out = out.write_end.get()});
    const pid_t daemon = read_number(out.read_end.get());
    ASSERT_TRUE(lives(daemon));
    in.write_end.reset();
    EXPECT_EQ(child->wait_for(kLong)->code, 7);
    EXPECT_FALSE(lives(daemon));
}

TEST(ProcessTree, TellsTheSignalThatEndedTheChild) {
    Command command = shell("kill -TERM $$");
    command.orphans = Orphans::Killed;
    EXPECT_EQ(run(command, {.limit = kLong}).status.signal, SIGTERM);
}

TEST(ProcessTree, ASignalReachesTheChildAndNotTheSupervisor) {
    SystemProcessRunner runner;
    Pipe pipe = make_pipe();
    Command command = shell("trap 'exit 3' TERM; echo 1; while :; do sleep 0.01; done");
    command.orphans = Orphans::Killed;
    const auto child = runner.start(command, {.out = pipe.write_end.get()});
    pipe.write_end.reset();
    ASSERT_EQ(read_number(pipe.read_end.get()), 1);
    child->signal_group(SIGTERM);
    EXPECT_EQ(child->wait_for(kLong)->code, 3);
}

TEST(ProcessTree, IsKilledWithDaemonsThatLeftItsSession) {
    SystemProcessRunner runner;
    for (const bool dropped : {false, true}) {
        Pipe pipe = make_pipe();
        Command command = shell(std::string{kDaemonize} + "trap '' TERM; wait");
        command.orphans = Orphans::Killed;
        auto child = runner.start(command, {.out = pipe.write_end.get()});
        const pid_t daemon = read_number(pipe.read_end.get());
        ASSERT_GT(daemon, 0);
        ASSERT_NE(::getsid(daemon), child->pid());
        if (dropped) {
            child.reset();
        } else {
            child->signal_group(SIGKILL);
            EXPECT_EQ(child->wait_for(kLong)->signal, SIGKILL);
        }
        EXPECT_FALSE(lives(daemon));
    }
}

TEST(ProcessTree, WhatIsAwaitedIsKilledOnRequest) {
    SystemProcessRunner runner;
    Pipe pipe = make_pipe();
    Command command = shell(std::string{kDaemonize} + "exit 0");
    command.orphans = Orphans::Awaited;
    const auto child = runner.start(command, {.out = pipe.write_end.get()});
    const pid_t daemon = read_number(pipe.read_end.get());
    EXPECT_EQ(child->wait_for(std::chrono::milliseconds{20}), std::nullopt);
    child->signal_group(SIGKILL);
    EXPECT_EQ(child->wait_for(kLong)->signal, SIGKILL);
    EXPECT_FALSE(lives(daemon));
}

TEST(ProcessTree, EndsWhenTheProcessThatStartedItIsKilled) {
    SystemProcessRunner runner;
    Pipe pipe = make_pipe();
    const pid_t middle = ::fork();
    if (middle == 0) {
        Command command = shell("echo $$; setsid sh -c 'sleep 1000; :' & wait");
        command.orphans = Orphans::Killed;
        const auto child = runner.start(command, {.out = pipe.write_end.get()});
        pipe.write_end.reset();
        child->wait_for(std::chrono::hours{1});
        ::_exit(0);
    }
    pipe.write_end.reset();
    ASSERT_GT(read_number(pipe.read_end.get()), 0);
    ::kill(middle, SIGKILL);
    ::waitpid(middle, nullptr, 0);
    // The daemon holds the pipe too: its end is the end of all.
    pollfd wait{pipe.read_end.get(), POLLIN, 0};
    ASSERT_EQ(::poll(&wait, 1, 60000), 1);
    EXPECT_EQ(read_number(pipe.read_end.get()), 0);
}

TEST(ProcessTree, ReportsAFailedStartLikeAnyOther) {
    EXPECT_THROW(run({.argv = {"/no/such/program"}, .orphans = Orphans::Killed}), SystemError);
    EXPECT_EQ(::waitpid(-1, nullptr, WNOHANG), -1) << "a supervisor was left behind";
}

TEST(ProcessTree, GivesTheChildNoDescriptorOfTheSupervisor) {
    EXPECT_EQ(
        run({.argv = {"ls", "/proc/self/fd"}, .orphans = Orphans::Killed}).out, "0\n1\n2\n3\n");
}

TEST(Process, RendersCommandsForPeople) {
    EXPECT_EQ(render({.argv = {"git", "clone", "a b", ""}}), "git clone 'a b' ''");
    EXPECT_EQ((ExitStatus{.code = 7}).describe(), "exited with 7");
    EXPECT_EQ((ExitStatus{.signal = 9}).describe(), "was killed by signal 9 (Killed)");
}

TEST(Process, ACheckedRunQuotesTheLastLinesOfTheError) {
    SystemProcessRunner runner;
    EXPECT_EQ(run_checked(runner, shell("echo ok"), {}, {}), "ok\n");
    try {
        run_checked(runner, shell("for i in $(seq 20); do echo line $i >&2; done; exit 3"), {}, {});
        FAIL() << "nothing was thrown";
    } catch (const Error& error) {
        EXPECT_THAT(error.describe(), testing::HasSubstr("' exited with 3: line 11\n"));
        EXPECT_THAT(error.describe(), testing::EndsWith("line 20"));
    }
}

TEST(Process, LargeInputAndOutputDoNotBlockEachOther) {
    const std::string input(4U << 20U, 'x');
    EXPECT_EQ(run({.argv = {"cat"}}, {.input = input, .limit = kLong}).out, input);
}

TEST(Process, LeaksNoDescriptorOnAnyPath) {
    const auto open_descriptors = [] {
        return std::distance(
            std::filesystem::directory_iterator{"/proc/self/fd"},
            std::filesystem::directory_iterator{});
    };
    const auto before = open_descriptors();
    EXPECT_TRUE(run({.argv = {"true"}}).status.success());
    EXPECT_THROW(run({.argv = {"no-such-program"}}), Error);
    EXPECT_THROW(run({.argv = {"/no/such/program"}}), Error);
    EXPECT_THROW(run({.argv = {"yes"}}, {.output_limit = 1000}), Error);
    EXPECT_THROW(run({.argv = {"sleep", "1000"}}, {.limit = std::chrono::milliseconds{5}}), Error);
    EXPECT_THROW(run({.argv = {"true"}, .descriptors = {{3, 99999}}}), Error);
    EXPECT_EQ(open_descriptors(), before);
}

TEST(ScriptedProcessRunner, PrefersTheLongestExpectation) {
    ScriptedProcessRunner runner;
    runner.always({"git"}, {.result = {.out = "any"}});
    runner.expect({"git", "log"}, {.result = {.out = "log"}});
    EXPECT_EQ(runner.unused().size(), 1U);
    EXPECT_EQ(runner.run({.argv = {"git", "log", "-1"}}, {}, {}).out, "log");
    EXPECT_EQ(runner.run({.argv = {"git", "log", "-1"}}, {.input = "i"}, {}).out, "any");
    EXPECT_TRUE(runner.unused().empty());
    EXPECT_EQ(runner.calls().size(), 2U);
    EXPECT_EQ(runner.calls().back().input, "i");
}

}  // namespace
}  // namespace nacre::os
