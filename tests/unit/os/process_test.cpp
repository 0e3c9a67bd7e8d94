#include "os/process.hpp"

#include "base/error.hpp"
#include "os/file.hpp"

#include <gtest/gtest.h>

#include <fcntl.h>
#include <signal.h>

namespace nacre::os {
namespace {

Command shell(const std::string& script) {
    return {.argv = {"sh", "-c", script}, .environment = minimal_environment()};
}

class ProcessTest : public testing::Test {
protected:
    ProcessResult run(const std::string& script, const RunOptions& options = {}) {
        return runner_.run(shell(script), options, {});
    }

    SystemProcessRunner runner_;
};

ErrorCode code_of(const std::function<void()>& action) {
    try {
        action();
    } catch (const Error& error) {
        return error.code();
    }
    ADD_FAILURE() << "no Error was thrown";
    return ErrorCode::Internal;
}

TEST_F(ProcessTest, CollectsBothOutputsAndTheStatus) {
    const ProcessResult result = run("echo out; echo err >&2; exit 7");
    EXPECT_EQ(result.out, "out\n");
    EXPECT_EQ(result.err, "err\n");
    EXPECT_EQ(result.status.code, 7);
    EXPECT_EQ(result.status.describe(), "exited with 7");
}

TEST_F(ProcessTest, GivesLargeInputWhileItReadsLargeOutput) {
    const std::string input(3U << 20U, 'x');
    EXPECT_EQ(run("cat", {.input = input}).out, input);
}

TEST_F(ProcessTest, StandardInputIsEmptyWithoutInput) {
    EXPECT_EQ(run("cat").out, "");
}

TEST_F(ProcessTest, NamesTheSignal) {
    const ProcessResult result = run("kill -9 $$");
    EXPECT_EQ(result.status.signal, SIGKILL);
    EXPECT_EQ(result.status.describe(), "was killed by signal 9 (Killed)");
}

TEST_F(ProcessTest, GivesTheChildNothingButItsOwn) {
    const UniqueFd leaked{::open("/dev/null", O_RDONLY)};  // NOLINT(android-cloexec-open)
    const ProcessResult result = run("ls /proc/self/fd | tr '\\n' ' '; env | wc -l");
    EXPECT_EQ(result.out, "0 1 2 3 4\n");  // 3 is ls's own folder; PATH, LANG, HOME and PWD are set
}

TEST_F(ProcessTest, PassesDescriptors) {
    const Pipe pipe = make_pipe();
    Command command = shell("echo through >&5");
    command.descriptors = {{5, pipe.write_end.get()}};
    runner_.run(command, {}, {});
    std::array<char, 8> text{};
    EXPECT_EQ(::read(pipe.read_end.get(), text.data(), text.size()), 8);
    EXPECT_EQ(std::string(text.data(), 8), "through\n");
}

TEST_F(ProcessTest, UsesTheFolder) {
    Command command = shell("pwd");
    command.directory = "/usr";
    EXPECT_EQ(runner_.run(command, {}, {}).out, "/usr\n");
}

TEST_F(ProcessTest, SaysThatAProgramIsMissing) {
    EXPECT_EQ(
        code_of([&] { runner_.run({.argv = {"no-such-program"}}, {}, {}); }), ErrorCode::NotFound);
    EXPECT_EQ(code_of([&] { runner_.run({.argv = {"/no/such"}}, {}, {}); }), ErrorCode::NotFound);
    EXPECT_EQ(
        code_of([&] { runner_.run({.argv = {"/etc/passwd"}}, {}, {}); }),
        ErrorCode::PermissionDenied);
    Command command = shell("true");
    command.directory = "/no/such";
    EXPECT_EQ(code_of([&] { runner_.run(command, {}, {}); }), ErrorCode::NotFound);
}

TEST_F(ProcessTest, RefusesANulByte) {
    EXPECT_EQ(
        code_of([&] { runner_.run({.argv = {"echo", std::string{"a\0b", 3}}}, {}, {}); }),
        ErrorCode::InvalidArgument);
}

TEST_F(ProcessTest, EndsTheGroupAtTheLimit) {
    const RunOptions options{.limit = std::chrono::milliseconds{50}};
    EXPECT_EQ(code_of([&] { run("sleep 100 & sleep 100", options); }), ErrorCode::DeadlineExceeded);
}

TEST_F(ProcessTest, BoundsTheOutput) {
    EXPECT_EQ(code_of([&] { run("yes", {.output_limit = 1000}); }), ErrorCode::ResourceExhausted);
}

TEST_F(ProcessTest, IsCancelledByAStop) {
    std::stop_source source;
    source.request_stop();
    EXPECT_THROW(runner_.run(shell("sleep 100"), {}, source.get_token()), Cancelled);
}

TEST_F(ProcessTest, DoesNotWaitForWhatTheLeaderLeftBehind) {
    EXPECT_EQ(run("sleep 100 & echo done").out, "done\n");
}

TEST_F(ProcessTest, ADroppedChildIsKilledAndReaped) {
    const auto pid = [&] {
        const auto child = runner_.start(shell("sleep 100"), {});
        EXPECT_EQ(child->wait_for(std::chrono::milliseconds{0}), std::nullopt);
        return child->pid();
    }();
    EXPECT_EQ(::kill(pid, 0), -1);
}

TEST_F(ProcessTest, ReportsTheStatusAgain) {
    const auto child = runner_.start(shell("exit 3"), {});
    EXPECT_EQ(child->wait_for(std::chrono::milliseconds{10'000})->code, 3);
    EXPECT_EQ(child->wait_for(std::chrono::milliseconds{0})->code, 3);
}

TEST_F(ProcessTest, RunCheckedShowsTheEndOfTheErrors) {
    try {
        run_checked(runner_, shell("echo why >&2; exit 1"), {}, {});
        FAIL();
    } catch (const Error& error) {
        EXPECT_EQ(error.describe(), "'sh -c 'echo why >&2; exit 1'' exited with 1: why");
    }
    EXPECT_EQ(run_checked(runner_, shell("echo out"), {}, {}), "out\n");
}

}  // namespace
}  // namespace nacre::os
