#include "contract/executor_contract.hpp"

#include "base/error.hpp"
#include "os/file.hpp"
#include "support/code_of.hpp"
#include "support/mounts.hpp"
#include "support/temp_dir.hpp"

#include <gmock/gmock.h>

#include <fcntl.h>

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

TEST_P(ContainerContract, OpensNoDeviceThatAStepMakes) {
    // Of any machine's first disk or memory: the node can be made, and not be opened.
    const Outcome outcome =
        run("mknod /disk b 8 0 && mknod /mem c 1 1 && mknod /null c 1 3; "
            "cat /disk 2>&1; cat /mem 2>&1; cat /null && echo null");
    EXPECT_EQ(
        outcome.output,
        "cat: can't open '/disk': Operation not permitted\n"
        "cat: can't open '/mem': Operation not permitted\nnull\n");
}

TEST_P(ContainerContract, GivesNoNamespacesOfItsOwn) {
    EXPECT_THAT(run("unshare -r true 2>&1").output, HasSubstr("Operation not permitted"));
    EXPECT_THAT(run("unshare -m true 2>&1").output, HasSubstr("Operation not permitted"));
    EXPECT_THAT(run("nsenter -t 1 -m true 2>&1").output, HasSubstr("Operation not permitted"));
}

TEST_P(ContainerContract, MasksWhatTellsOfTheMachineOrChangesIt) {
    const Outcome outcome = run(
        "for f in keys timer_list; do wc -c < /proc/$f; done; ls /sys/firmware | wc -l; "
        "echo x 2>&1 > /proc/irq/default_smp_affinity; echo x 2>&1 > /sys/kernel/uevent_seqnum; "
        "ls /sys/fs/cgroup | wc -l");
    EXPECT_THAT(outcome.output, testing::StartsWith("0\n0\n0\n"));
    EXPECT_THAT(outcome.output, HasSubstr("default_smp_affinity: Read-only file system"));
    EXPECT_THAT(outcome.output, HasSubstr("uevent_seqnum: Read-only file system"));
    EXPECT_THAT(outcome.output, testing::EndsWith("\n0\n"));
}

TEST_P(ContainerContract, StartsInNoFolderOutsideTheRoot) {
    // CVE-2024-21626: a descriptor of the runtime's as working folder.
    for (int fd = 3; fd < 12; ++fd) {
        ContainerSpec there = spec("cat ../../../../etc/hostname");
        there.working_dir = "/proc/self/fd/" + std::to_string(fd);
        try {
            EXPECT_NE(run(there).status.code, 0) << fd;
        } catch (const Error&) {
            continue;  // refused, which is as good
        }
    }
}

TEST_P(ContainerContract, FollowsNoLinkOfAnImageOutOfTheRoot) {
    // CVE-2025-31133, CVE-2025-52565, CVE-2026-41579, CVE-2026-47766.
    const test::TempDir outside;
    os::write_file_atomically(outside.path() / "canary", "alive", os::Durability::Buffered);
    fs::create_directories(root() / "etc");
    for (const char* name : {"proc", "sys", "dev", "etc/hosts"}) {
        for (const std::string& to :
             {outside.path().string(), "../../../../.." + outside.path().string()}) {
            fs::create_symlink(to, root() / name);
            try {
                run(kExit7);
            } catch (const Error& error) {
                EXPECT_EQ(error.code(), ErrorCode::InvalidArgument) << error.what();
            }
            fs::remove_all(root() / name);
        }
    }
    EXPECT_EQ(os::read_file(outside.path() / "canary", 10), "alive");
    EXPECT_EQ(std::distance(fs::directory_iterator{outside.path()}, {}), 1);
}

TEST_P(ContainerContract, MountsWhatADescriptorStandsForWhateverItsPathBecomes) {
    // CVE-2024-23651: the folder is swapped for a link after it was looked up.
    const test::TempDir shared;
    fs::create_directory(shared.path() / "sel");
    os::write_file_atomically(shared.path() / "sel/own", "own\n", os::Durability::Buffered);
    const os::UniqueFd fd = os::open_file(shared.path() / "sel", O_PATH | O_DIRECTORY);
    fs::rename(shared.path() / "sel", shared.path() / "moved");
    fs::create_directory_symlink("/", shared.path() / "sel");
    ContainerSpec bound = spec("cat /m/own; ls /m");
    bound.mounts = {{.target = "/m", .source_fd = fd.get()}};
    EXPECT_EQ(run(bound).output, "own\nown\n");
}

TEST_P(ContainerContract, KeepsLimits) {
    ContainerSpec limited = spec(
        "ulimit -n; ulimit -Hn; grep -o 'shm.*size=[0-9k]*' /proc/mounts | grep -o '[0-9]*k$'");
    limited.limits.ulimits = {{"nofile", 100, 200}};
    limited.limits.shm_bytes = 1U << 20U;
    EXPECT_EQ(run(limited).output, "100\n200\n1024k\n");
    limited.limits.ulimits = {{"files", 1, 1}};
    EXPECT_EQ(code_of([&] { run(limited); }), ErrorCode::InvalidArgument);
}

TEST_P(ContainerContract, StopsAForkBombWhereProcessesCanBeCounted) {
    ContainerSpec bomb = spec("for i in $(seq 40); do sleep 60 & done 2>&1");
    bomb.limits.processes = 16;
    if (!executor().unkept(bomb.limits).empty()) GTEST_SKIP() << executor().unkept(bomb.limits)[0];
    EXPECT_THAT(run(bomb).output, HasSubstr("fork"));
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
