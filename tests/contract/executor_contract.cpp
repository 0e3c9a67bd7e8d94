#include "contract/executor_contract.hpp"

#include "base/error.hpp"
#include "os/file.hpp"
#include "support/code_of.hpp"
#include "support/mounts.hpp"
#include "support/temp_dir.hpp"

#include <gmock/gmock.h>

namespace nacre::exec::contract {
namespace {

namespace fs = std::filesystem;
using test::code_of;
using test::message_of;
using testing::HasSubstr;
using testing::Not;
using Strings = std::vector<std::string>;

/// Asks to stop as soon as there is output.
class StoppingSink final : public ByteSink {
public:
    void write(Bytes bytes) override {
        text += as_text(bytes);
        stop.request_stop();
    }

    std::stop_source stop;
    std::string text;
};

/// Takes nothing.
class RefusingSink final : public ByteSink {
public:
    void write(Bytes /*bytes*/) override {
        throw Error{ErrorCode::ResourceExhausted, "the log is full"};
    }
};

}  // namespace

void ExecutorContract::SetUp() {
    try {
        fixture_ = GetParam().make();
    } catch (const Error& error) {
        if (error.code() != ErrorCode::Unsupported) throw;
        GTEST_SKIP() << error.describe();
    }
}

void ExecutorContract::TearDown() {
    if (!fixture_) return;
    EXPECT_EQ(fixture_->leftovers(), Strings{});
}

ContainerSpec ExecutorContract::spec(const std::string& script) const {
    ContainerSpec spec;
    spec.id = kContainerPrefix;
    spec.root = root();
    spec.argv = {"/bin/sh", "-c", script};
    spec.env = {"PATH=/bin"};
    return spec;
}

ExecutorContract::Outcome ExecutorContract::run(const ContainerSpec& spec) {
    StringSink output;
    const os::ExitStatus status = executor().run(spec, output, {});
    return {status, output.take()};
}

ExecutorContract::Outcome ExecutorContract::run(const std::string& script) {
    return run(spec(script));
}

TEST_P(ExecutorContract, GivesTheExitCode) {
    const Outcome outcome = run(kExit7);
    EXPECT_EQ(outcome.status.code, 7);
    EXPECT_EQ(outcome.status.signal, 0);
    EXPECT_EQ(outcome.output, "");
}

TEST_P(ExecutorContract, KeepsTheOrderOfBothOutputs) {
    const Outcome outcome = run(kWriteToBoth);
    EXPECT_TRUE(outcome.status.success());
    EXPECT_EQ(outcome.output, "1\n2\n3\n4\n5\n6\n");
}

TEST_P(ExecutorContract, SetsTheEnvironment) {
    ContainerSpec greeting = spec(kGreet);
    greeting.env = {"PATH=/bin", "GREETING=good morning", "NAME="};
    EXPECT_EQ(run(greeting).output, "good morning .\n");
}

TEST_P(ExecutorContract, StartsInTheWorkingFolder) {
    ContainerSpec there = spec(kSayFolder);
    there.working_dir = "/etc";
    EXPECT_EQ(run(there).output, "/etc\n");
    EXPECT_EQ(run(kSayFolder).output, "/\n");
}

TEST_P(ExecutorContract, RunsAsTheUserAndItsGroups) {
    EXPECT_EQ(run(kSayIds).output, "0\n0\n0\n");
    ContainerSpec web = spec(kSayIds);
    web.uid = 1000;
    web.gid = 1001;
    web.additional_gids = {2000};
    EXPECT_EQ(run(web).output, "1000\n1001\n1001 2000\n");
}

TEST_P(ExecutorContract, ChangesTheRoot) {
    EXPECT_TRUE(run(kMakeFile).status.success());
    EXPECT_EQ(os::read_file(root() / "made", 100), "made\n");
}

TEST_P(ExecutorContract, GivesNoInput) {
    EXPECT_EQ(run(kReadInput).output, "end\n");
}

TEST_P(ExecutorContract, SaysThatAProgramIsMissing) {
    ContainerSpec missing = spec("");
    missing.argv = {"/bin/nothing"};
    EXPECT_EQ(code_of([&] { run(missing); }), ErrorCode::NotFound);
    missing.argv = {"nothing"};
    EXPECT_EQ(code_of([&] { run(missing); }), ErrorCode::NotFound);
    EXPECT_THAT(message_of([&] { run(missing); }), HasSubstr("nothing"));
}

TEST_P(ExecutorContract, RefusesWhatIsNoContainer) {
    ContainerSpec nameless = spec(kExit7);
    for (const char* id : {"", "Upper", "a/b", "..", "a b"}) {
        nameless.id = id;
        EXPECT_EQ(code_of([&] { run(nameless); }), ErrorCode::InvalidArgument) << id;
    }
    ContainerSpec empty = spec(kExit7);
    empty.argv.clear();
    EXPECT_EQ(code_of([&] { run(empty); }), ErrorCode::InvalidArgument);
}

TEST_P(ExecutorContract, StopsWhenAsked) {
    StoppingSink output;
    EXPECT_THROW(executor().run(spec(kRunForever), output, output.stop.get_token()), Cancelled);
    EXPECT_EQ(output.text, "started\n");
}

TEST_P(ExecutorContract, DoesNotStartWhenStoppedBefore) {
    StoppingSink output;
    output.stop.request_stop();
    EXPECT_THROW(executor().run(spec(kMakeFile), output, output.stop.get_token()), Cancelled);
    EXPECT_FALSE(fs::exists(root() / "made"));
}

TEST_P(ExecutorContract, EndsAtTheTimeLimit) {
    ContainerSpec slow = spec(kRunForever);
    slow.time_limit = std::chrono::milliseconds{500};
    EXPECT_EQ(code_of([&] { run(slow); }), ErrorCode::DeadlineExceeded);
}

TEST_P(ExecutorContract, EndsWhenNobodyTakesTheOutput) {
    RefusingSink output;
    EXPECT_EQ(
        code_of([&] { executor().run(spec(kRunForever), output, {}); }),
        ErrorCode::ResourceExhausted);
}

TEST_P(ContainerContract, ReportsASignalLikeAShell) {
    EXPECT_EQ(
        run("kill -9 $$").status.code, 0);  // the first process of a namespace cannot kill itself
    EXPECT_EQ(run("sh -c 'kill -9 $$'; exit $?").status.code, 137);
}

TEST_P(ContainerContract, HasNoNetworkButTheLoopback) {
    const Outcome outcome =
        run("ls /sys/class/net; wc -l < /proc/net/route; ping -c 1 192.0.2.1 2>&1");
    EXPECT_THAT(outcome.output, testing::StartsWith("lo\n1\n"));
    EXPECT_THAT(outcome.output, HasSubstr("unreachable"));
    EXPECT_FALSE(outcome.status.success());
}

TEST_P(ContainerContract, SharesTheNetworkWhenAsked) {
    ContainerSpec open = spec("cat /proc/net/dev | wc -l; test -r /etc/resolv.conf");
    open.network = NetworkMode::Host;
    const std::string here = os::read_file("/proc/net/dev", 1U << 20U);
    const Outcome outcome = run(open);
    EXPECT_EQ(outcome.output, std::to_string(std::ranges::count(here, '\n')) + "\n");
    EXPECT_FALSE(fs::exists(root() / "etc/resolv.conf"));
}

TEST_P(ContainerContract, HasNothingOpenButTheThreeStreams) {
    EXPECT_EQ(run("ls /proc/self/fd").output, "0\n1\n2\n3\n");  // 3 is the folder that ls reads
}

TEST_P(ContainerContract, MountsFoldersReadOnly) {
    const test::TempDir shared;
    os::write_file_atomically(shared.path() / "file", "shared", os::Durability::Buffered);
    ContainerSpec bound = spec("cat /shared/file; echo x > /shared/new");
    bound.mounts = {{.source = shared.path(), .target = "/shared"}};
    const Outcome outcome = run(bound);
    EXPECT_THAT(outcome.output, testing::StartsWith("shared"));
    EXPECT_THAT(outcome.output, HasSubstr("Read-only file system"));
    EXPECT_FALSE(fs::exists(shared.path() / "new"));
    EXPECT_FALSE(fs::exists(root() / "shared"));
}

TEST_P(ContainerContract, EndsWhatTheStepLeftRunning) {
    const Outcome outcome = run("setsid sleep 86396 > /dev/null 2>&1 & echo gone");
    EXPECT_EQ(outcome.output, "gone\n");
    EXPECT_EQ(test::processes_with("86396"), Strings{});
}

TEST_P(ContainerContract, EndsAProcessThatHoldsTheOutput) {
    EXPECT_EQ(run("sleep 86395 & echo gone").output, "gone\n");
    EXPECT_EQ(test::processes_with("86395"), Strings{});
}

TEST_P(ContainerContract, LeavesNoStubInTheRoot) {
    run("ls / > /dev/null");
    for (const char* stub : {"proc", "dev", "sys"})
        EXPECT_FALSE(fs::exists(root() / stub)) << stub;
}

TEST_P(ContainerContract, RefusesAMountPointThatIsALink) {
    const test::TempDir outside;
    fs::create_directory_symlink(outside.path(), root() / "dev");
    EXPECT_EQ(code_of([&] { run(kMakeFile); }), ErrorCode::InvalidArgument);
    EXPECT_TRUE(fs::is_empty(outside.path()));
    EXPECT_FALSE(fs::exists(root() / "made"));
}

TEST_P(ContainerContract, KeepsTheMachineOutOfReach) {
    const Outcome outcome =
        run("echo 1 > /proc/sys/kernel/printk; mount -t tmpfs x /tmp; ls /dev; kill -0 2");
    EXPECT_THAT(outcome.output, HasSubstr("printk: Read-only file system"));
    EXPECT_THAT(outcome.output, HasSubstr("mount: permission denied"));
    EXPECT_THAT(outcome.output, HasSubstr("urandom"));
    EXPECT_THAT(outcome.output, Not(HasSubstr("kmsg")));
    EXPECT_THAT(outcome.output, Not(HasSubstr("mapper")));
    EXPECT_THAT(outcome.output, HasSubstr("No such process"));
}

TEST_P(ContainerContract, PassesOnMuchOutput) {
    const Outcome outcome = run("yes 0123456789 | head -n 200000");
    EXPECT_EQ(outcome.output.size(), 200'000U * 11U);
}

TEST_P(ContainerContract, GivesAnUnprivilegedUserNoCapabilities) {
    ContainerSpec web = spec("grep CapEff /proc/self/status");
    web.uid = 1000;
    EXPECT_EQ(run(web).output, "CapEff:\t0000000000000000\n");
}

}  // namespace nacre::exec::contract
