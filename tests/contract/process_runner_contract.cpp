#include "contract/process_runner_contract.hpp"

#include "base/error.hpp"
#include "base/thread_group.hpp"
#include "os/file.hpp"
#include "os/scripted_process_runner.hpp"

#include <poll.h>
#include <signal.h>

namespace nacre::os {
namespace {

constexpr std::chrono::seconds kLong{60};
constexpr std::chrono::milliseconds kShort{5};

std::unique_ptr<ProcessRunner> make_scripted() {
    auto runner = std::make_unique<ScriptedProcessRunner>();
    runner->always(
        failing_command().argv,
        {.result = {.status = {.code = 7}, .out = "out\n", .err = "err\n"}});
    runner->always(killed_command().argv, {.result = {.status = {.signal = SIGKILL}}});
    runner->always(endless_command().argv, {.ends = false});
    runner->always(echoing_command().argv, {.result = {.out = "hello"}});
    return runner;
}

INSTANTIATE_TEST_SUITE_P(
    Runners,
    ProcessRunnerContract,
    testing::Values(
        ProcessRunnerCase{"System", [] { return std::make_unique<SystemProcessRunner>(); }},
        ProcessRunnerCase{"Scripted", make_scripted}),
    [](const auto& parameter) { return parameter.param.name; });

ErrorCode code_of(const std::function<void()>& body) {
    try {
        body();
    } catch (const Error& error) {
        return error.code();
    }
    throw std::logic_error{"nothing was thrown"};
}

TEST_P(ProcessRunnerContract, CollectsBothOutputsAndTheExitCode) {
    const auto result = runner_->run(failing_command(), {}, {});
    EXPECT_EQ(result.status.code, 7);
    EXPECT_EQ(result.out, "out\n");
    EXPECT_EQ(result.err, "err\n");
}

TEST_P(ProcessRunnerContract, TellsASignalFromAnExitCode) {
    const auto result = runner_->run(killed_command(), {}, {});
    EXPECT_EQ(result.status.signal, SIGKILL);
    EXPECT_FALSE(result.status.success());
}

TEST_P(ProcessRunnerContract, GivesTheInput) {
    EXPECT_EQ(runner_->run(echoing_command(), {.input = "hello"}, {}).out, "hello");
}

TEST_P(ProcessRunnerContract, AMissingProgramIsNotFound) {
    const Command command{.argv = {"no-such-program"}};
    EXPECT_EQ(code_of([&] { runner_->run(command, {}, {}); }), ErrorCode::NotFound);
    EXPECT_EQ(code_of([&] { runner_->start(command, {}); }), ErrorCode::NotFound);
}

TEST_P(ProcessRunnerContract, EndsARunThatTakesTooLong) {
    const auto run = [&] { runner_->run(endless_command(), {.limit = kShort}, {}); };
    EXPECT_EQ(code_of(run), ErrorCode::DeadlineExceeded);
}

TEST_P(ProcessRunnerContract, RefusesTooMuchOutput) {
    const auto run = [&] { runner_->run(failing_command(), {.output_limit = 3}, {}); };
    EXPECT_EQ(code_of(run), ErrorCode::ResourceExhausted);
}

TEST_P(ProcessRunnerContract, StopsWhenAsked) {
    std::stop_source stop;
    ThreadGroup threads;
    threads.start("stopper", [&](const std::stop_token&) { stop.request_stop(); });
    EXPECT_THROW(runner_->run(endless_command(), {.limit = kLong}, stop.get_token()), Cancelled);
    EXPECT_THROW(runner_->run(endless_command(), {.limit = kLong}, stop.get_token()), Cancelled);
}

TEST_P(ProcessRunnerContract, AStartedProcessRunsUntilItIsSignalled) {
    const auto child = runner_->start(endless_command(), {});
    EXPECT_EQ(child->wait_for(kShort), std::nullopt);
    child->signal_group(SIGTERM);
    pollfd wait{child->exit_fd(), POLLIN, 0};
    EXPECT_EQ(::poll(&wait, 1, 60000), 1);
    const auto status = child->wait_for(kLong);
    ASSERT_TRUE(status);
    EXPECT_EQ(status->signal, SIGTERM);
    child->signal_group(SIGKILL);
    EXPECT_EQ(child->wait_for(kShort)->signal, SIGTERM) << "a status is for good";
}

TEST_P(ProcessRunnerContract, AStartedProcessWritesWhereItIsTold) {
    Pipe out = make_pipe();
    {
        const auto child = runner_->start(failing_command(), {.out = out.write_end.get()});
        EXPECT_EQ(child->wait_for(kLong)->code, 7);
    }
    out.write_end.reset();
    EXPECT_EQ(read_all(out.read_end.get(), 100), "out\n");
}

}  // namespace
}  // namespace nacre::os
