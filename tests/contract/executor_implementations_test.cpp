#include "base/error.hpp"
#include "base/text.hpp"
#include "contract/executor_contract.hpp"
#include "exec/lazy_executor.hpp"
#include "exec/oci_runtime_executor.hpp"
#include "exec/runtime_probe.hpp"
#include "exec/scripted_executor.hpp"
#include "os/file.hpp"
#include "support/busybox.hpp"
#include "support/mounts.hpp"
#include "support/temp_dir.hpp"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <functional>
#include <optional>
#include <set>
#include <utility>

namespace nacre::exec::contract {
namespace {

namespace fs = std::filesystem;

class OciFixture final : public ExecutorFixture {
public:
    explicit OciFixture(const std::string& name) {
        const std::string reason = test::why_no_containers();
        if (!reason.empty()) throw Error{ErrorCode::Unsupported, reason};
        std::vector<fs::path> candidates = default_runtimes();
        std::erase_if(candidates, [&](const fs::path& path) { return path.filename() != name; });
        executor_.emplace(probe_runtimes(candidates, state_, runner_), state_, runner_);
        test::make_busybox_root(root_);
    }

    Executor& executor() override { return *executor_; }

    const fs::path& root() const override { return root_; }

    std::vector<std::string> leftovers() const override {
        std::vector<std::string> found = test::mounts_below(folder_.path());
        for (const std::string& process : test::processes_with(folder_.path().string()))
            found.push_back(process);
        for (const char* name : {"runtime", "bundles"})
            for (const auto& entry : fs::directory_iterator{state_ / name})
                found.push_back(entry.path().string());
        for (const std::string& folder : test::cgroups_with(kContainerPrefix))
            found.push_back(folder);
        return found;
    }

private:
    test::TempDir folder_;
    fs::path state_ = folder_.path() / "state";
    fs::path root_ = folder_.path() / "root";
    os::SystemProcessRunner runner_;
    std::optional<OciRuntimeExecutor> executor_;
};

/// Calls back at the first output.
class Reaction final : public ByteSink {
public:
    explicit Reaction(std::function<void()> react) : react_{std::move(react)} {}

    void write(Bytes /*bytes*/) override {
        if (react_) std::exchange(react_, nullptr)();
    }

private:
    std::function<void()> react_;
};

std::set<std::string> names_of_cgroups() {
    std::set<std::string> names;
    for (const std::string& folder : test::cgroups_with(kContainerPrefix))
        names.insert(fs::path{folder}.filename());
    return names;
}

/// Services and builds side by side number their containers alike.
TEST(OciRuntimeExecutor, SharesNoCgroupWithTheSameNameOfAnotherState) {
    if (const std::string reason = test::why_no_containers(); !reason.empty())
        GTEST_SKIP() << reason;
    const test::TempDir folder;
    os::SystemProcessRunner runner;
    std::optional<Runtime> runtime;
    try {
        runtime = probe_runtimes(default_runtimes(), folder.path() / "probe", runner);
    } catch (const Error& error) {
        GTEST_SKIP() << error.describe();
    }
    OciRuntimeExecutor one{*runtime, folder.path() / "one", runner};
    OciRuntimeExecutor two{*runtime, folder.path() / "two", runner};
    ContainerSpec spec;
    spec.id = kContainerPrefix + "-same";
    spec.env = {"PATH=/bin"};
    spec.argv = {"/bin/sh", "-c", "echo started; sleep 0.3"};
    ContainerSpec other = spec;
    for (ContainerSpec* each : {&spec, &other}) {
        each->root = folder.path() / (each == &spec ? "root-one" : "root-two");
        test::make_busybox_root(each->root);
    }
    std::set<std::string> names;
    Reaction look{[&] { names = names_of_cgroups(); }};
    std::optional<os::ExitStatus> inner;
    Reaction run_other{[&] { inner = two.run(other, look, {}); }};
    EXPECT_TRUE(one.run(spec, run_other, {}).success());
    EXPECT_TRUE(inner && inner->success());
    EXPECT_EQ(names.size(), 2U);
    EXPECT_TRUE(names_of_cgroups().empty());
}

/// A runtime whose starting process was killed may live for a moment and make a cgroup then.
TEST(Sweep, WaitsForARuntimeThatIsStillEnding) {
    const std::string root = test::first_cgroup_root();
    if (root.empty()) GTEST_SKIP() << "no cgroup file system is mounted";
    if (::access(root.c_str(), W_OK) != 0) GTEST_SKIP() << root << " cannot be written";
    const test::TempDir folder;
    const std::string id = kContainerPrefix + "-late";
    const fs::path bundle = folder.path() / "bundles" / "tmp-bundle-1-0";
    fs::create_directories(bundle);
    fs::create_directories(folder.path() / "runtime");
    os::write_file_atomically(
        bundle / "config.json",
        R"({"linux":{"cgroupsPath":"/)" + id + R"("}})",
        os::Durability::Buffered);
    os::SystemProcessRunner runner;
    const auto late = runner.start(
        {.argv =
             {"/bin/sh", "-c", "sleep 0.2; mkdir \"$1\"", "late", root + "/" + id, bundle.string()},
         .environment = os::minimal_environment()},
        {});
    sweep({"/bin/false", "none", {}}, folder.path(), runner);
    EXPECT_FALSE(fs::exists(root + "/" + id));
    EXPECT_FALSE(fs::exists(bundle));
    EXPECT_TRUE(late->wait_for(std::chrono::seconds{10}));
}

/// Starts a container in a process of its own, kills that process at once when the step runs, and sweeps.
TEST(Sweep, LeavesNothingOfAContainerWhoseProcessWasKilled) {
    if (const std::string reason = test::why_no_containers(); !reason.empty())
        GTEST_SKIP() << reason;
    const test::TempDir folder;
    const fs::path state = folder.path() / "state";
    const fs::path root = folder.path() / "root";
    test::make_busybox_root(root);
    os::SystemProcessRunner runner;
    std::optional<Runtime> runtime;
    try {
        runtime = probe_runtimes(default_runtimes(), state, runner);
    } catch (const Error& error) {
        GTEST_SKIP() << error.describe();
    }
    ContainerSpec spec;
    spec.id = kContainerPrefix + "-killed";
    spec.root = root;
    spec.argv = {"/bin/sh", "-c", "echo started; sleep 86394"};
    spec.env = {"PATH=/bin"};
    os::Pipe pipe = os::make_pipe();
    const pid_t victim = ::fork();
    if (victim == 0) {
        OciRuntimeExecutor executor{*runtime, state, runner};
        os::FdSink output{pipe.write_end.get()};
        executor.run(spec, output, {});
        ::_exit(0);
    }
    pipe.write_end.reset();
    std::array<char, 8> text{};
    EXPECT_EQ(::read(pipe.read_end.get(), text.data(), text.size()), 8);
    ::kill(victim, SIGKILL);
    ::waitpid(victim, nullptr, 0);
    // The end of the pipe: nobody of the container is there any more.
    EXPECT_EQ(::read(pipe.read_end.get(), text.data(), text.size()), 0);
    EXPECT_EQ(sweep(*runtime, state, runner), 1);
    EXPECT_EQ(test::processes_with("86394"), std::vector<std::string>{});
    EXPECT_EQ(test::mounts_below(folder.path()), std::vector<std::string>{});
    EXPECT_EQ(test::cgroups_with(kContainerPrefix), std::vector<std::string>{});
    for (const char* name : {"runtime", "bundles"})
        EXPECT_TRUE(fs::is_empty(state / name)) << name;
}

std::string value_of(const ContainerSpec& spec, const std::string& name) {
    for (const std::string& entry : spec.env)
        if (entry.starts_with(name + "=")) return entry.substr(name.size() + 1);
    return "";
}

/// A shell that knows the contract's scripts.
os::ExitStatus run_known_script(const ScriptedExecutor::Container& container) {
    const ContainerSpec& spec = container.spec;
    const std::string& script = spec.argv.back();
    if (script == kExit7) return {.code = 7};
    if (script == kWriteToBoth) {
        for (const char* line : {"1\n", "2\n", "3\n", "4\n", "5\n", "6\n"})
            container.write(line);
    } else if (script == kGreet) {
        container.write(value_of(spec, "GREETING") + " " + value_of(spec, "NAME") + ".\n");
    } else if (script == kSayFolder) {
        container.write(spec.working_dir + "\n");
    } else if (script == kSayIds) {
        std::string groups = std::to_string(spec.gid);
        for (const std::uint32_t gid : spec.additional_gids)
            groups += " " + std::to_string(gid);
        container.write(
            std::to_string(spec.uid) + "\n" + std::to_string(spec.gid) + "\n" + groups + "\n");
    } else if (script == kMakeFile) {
        os::write_file_atomically(spec.root / "made", "made\n", os::Durability::Buffered);
    } else if (script == kReadInput) {
        container.write("end\n");
    } else if (script == kRunForever) {
        container.write("started\n");
        container.wait_forever();
    } else {
        return {.code = 127};
    }
    return {};
}

class ScriptedFixture final : public ExecutorFixture {
public:
    Executor& executor() override { return executor_; }

    const fs::path& root() const override { return folder_.path(); }

    std::vector<std::string> leftovers() const override { return {}; }

private:
    test::TempDir folder_;
    ScriptedExecutor executor_{{{"/bin/sh", run_known_script}}};
};

class LazyFixture final : public ExecutorFixture {
public:
    Executor& executor() override { return executor_; }

    const fs::path& root() const override { return folder_.path(); }

    std::vector<std::string> leftovers() const override { return {}; }

private:
    test::TempDir folder_;
    LazyExecutor executor_{[] {
        return std::make_unique<ScriptedExecutor>(
            std::map<std::string, ScriptedExecutor::Program>{{"/bin/sh", run_known_script}});
    }};
};

const ExecutorImplementation kCrun{"Crun", [] { return std::make_unique<OciFixture>("crun"); }};
const ExecutorImplementation kRunc{"Runc", [] { return std::make_unique<OciFixture>("runc"); }};

INSTANTIATE_TEST_SUITE_P(
    Implementations,
    ExecutorContract,
    testing::Values(
        kCrun,
        kRunc,
        ExecutorImplementation{"Lazy", [] { return std::make_unique<LazyFixture>(); }},
        ExecutorImplementation{"Scripted", [] { return std::make_unique<ScriptedFixture>(); }}),
    [](const auto& tested) { return tested.param.name; });

INSTANTIATE_TEST_SUITE_P(
    Implementations, ContainerContract, testing::Values(kCrun, kRunc), [](const auto& tested) {
        return tested.param.name;
    });

}  // namespace
}  // namespace nacre::exec::contract
