#include "contract/backend_contract.hpp"

#include "backend/local_backend.hpp"
#include "backend/scripted_backend.hpp"

#include <signal.h>

namespace nacre::backend {
namespace {

constexpr std::chrono::milliseconds kNow{0};
constexpr std::chrono::milliseconds kShort{20};
constexpr std::chrono::minutes kLong{1};

/// Owns the runner, which must outlive the backend.
class OwningLocalBackend final : public Backend {
public:
    explicit OwningLocalBackend(std::string script)
        : backend_{{.program = {"/bin/sh", "-c", std::move(script)}}, runner_} {}

    std::unique_ptr<Worker> submit(const WorkerSpec& spec) override {
        return backend_.submit(spec);
    }

private:
    os::SystemProcessRunner runner_;
    LocalBackend backend_;
};

std::unique_ptr<Backend> make_local(Conduct conduct) {
    switch (conduct) {
        case Conduct::ExitsWithSeven:
            return std::make_unique<OwningLocalBackend>("exit 7");
        case Conduct::RunsUntilAsked:
            return std::make_unique<OwningLocalBackend>("exec sleep 1000");
        case Conduct::RefusesToEnd:
            return std::make_unique<OwningLocalBackend>("trap '' TERM; sleep 1000; sleep 1000");
    }
    return nullptr;
}

std::unique_ptr<Backend> make_scripted(Conduct conduct) {
    return std::make_unique<ScriptedBackend>([conduct](const WorkerSpec&) {
        return ScriptedBackend::Script{
            .status = {.code = 7},
            .ends = conduct == Conduct::ExitsWithSeven,
            .heeds_request = conduct != Conduct::RefusesToEnd};
    });
}

INSTANTIATE_TEST_SUITE_P(
    Backends,
    BackendContract,
    testing::Values(BackendCase{"Local", make_local}, BackendCase{"Scripted", make_scripted}),
    [](const auto& parameter) { return parameter.param.name; });

TEST_P(BackendContract, TellsHowAWorkerEnded) {
    const auto backend = GetParam().make(Conduct::ExitsWithSeven);
    const auto worker = backend->submit({.task_id = 1});
    EXPECT_EQ(worker->wait_for(kLong)->code, 7);
    EXPECT_EQ(worker->wait_for(kNow)->code, 7) << "a status is for good";
}

TEST_P(BackendContract, ARunningWorkerHasNoStatus) {
    const auto backend = GetParam().make(Conduct::RunsUntilAsked);
    const auto worker = backend->submit({.task_id = 1});
    EXPECT_EQ(worker->wait_for(kShort), std::nullopt);
}

TEST_P(BackendContract, CancellationAsksFirst) {
    const auto backend = GetParam().make(Conduct::RunsUntilAsked);
    const auto worker = backend->submit({.task_id = 1});
    worker->cancel(kLong);
    EXPECT_EQ(worker->wait_for(kNow)->signal, SIGTERM);
}

TEST_P(BackendContract, CancellationForcesAfterTheGrace) {
    const auto backend = GetParam().make(Conduct::RefusesToEnd);
    const auto worker = backend->submit({.task_id = 1});
    // Long enough for the shell to have set its trap in all likelihood; either way nothing runs afterwards.
    worker->cancel(std::chrono::milliseconds{200});
    EXPECT_FALSE(worker->wait_for(kNow)->success());
}

TEST_P(BackendContract, CancellingAnEndedWorkerChangesNothing) {
    const auto backend = GetParam().make(Conduct::ExitsWithSeven);
    const auto worker = backend->submit({.task_id = 1});
    ASSERT_TRUE(worker->wait_for(kLong));
    worker->cancel(kShort);
    EXPECT_EQ(worker->wait_for(kNow)->code, 7);
}

TEST_P(BackendContract, WorkersAreIndependent) {
    const auto backend = GetParam().make(Conduct::RunsUntilAsked);
    const auto first = backend->submit({.task_id = 1});
    auto second = backend->submit({.task_id = 2});
    first->cancel(kLong);
    EXPECT_EQ(second->wait_for(kNow), std::nullopt);
    second.reset();
    EXPECT_TRUE(first->wait_for(kNow));
}

}  // namespace
}  // namespace nacre::backend
