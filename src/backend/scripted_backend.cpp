#include "backend/scripted_backend.hpp"

#include <signal.h>

#include <algorithm>
#include <utility>

namespace nacre::backend {

class ScriptedWorker final : public Worker {
public:
    ScriptedWorker(std::shared_ptr<ScriptedBackend::Shared> shared, std::size_t run)
        : shared_{std::move(shared)},
          run_{run} {}

    ScriptedWorker(const ScriptedWorker&) = delete;
    ScriptedWorker& operator=(const ScriptedWorker&) = delete;

    ~ScriptedWorker() override { end_by_force(); }

    std::optional<os::ExitStatus> wait_for(std::chrono::milliseconds limit) override {
        if (const auto body = take_body()) body();
        auto state = shared_->state.lock();
        auto& first = state->runs[run_];
        if (!first.status && first.script.ends) first.status = first.script.status;
        state.wait_for(shared_->changed, {}, limit, [this](const ScriptedBackend::State& now) {
            return now.runs[run_].status.has_value();
        });
        return state->runs[run_].status;
    }

    void cancel(std::chrono::milliseconds grace) override {
        {
            auto state = shared_->state.lock();
            auto& run = state->runs[run_];
            if (run.status) return;
            run.cancelled = true;
            if (run.script.heeds_request) {
                run.status = os::ExitStatus{.signal = SIGTERM};
                return;
            }
        }
        if (!wait_for(grace)) end_by_force();
    }

private:
    std::function<void()> take_body() {
        return std::exchange(shared_->state.lock()->runs[run_].script.body, nullptr);
    }

    void end_by_force() noexcept {
        auto state = shared_->state.lock();
        auto& run = state->runs[run_];
        if (run.status) return;
        run.cancelled = true;
        run.status = os::ExitStatus{.signal = SIGKILL};
    }

    std::shared_ptr<ScriptedBackend::Shared> shared_;
    std::size_t run_;
};

ScriptedBackend::ScriptedBackend(Behaviour behaviour)
    : behaviour_{std::move(behaviour)},
      shared_{std::make_shared<Shared>()} {}

std::unique_ptr<Worker> ScriptedBackend::submit(const WorkerSpec& spec) {
    Script script = behaviour_(spec);
    auto state = shared_->state.lock();
    state->submitted.push_back(spec);
    state->runs.push_back({.task_id = spec.task_id, .script = std::move(script)});
    return std::make_unique<ScriptedWorker>(shared_, state->runs.size() - 1);
}

std::vector<WorkerSpec> ScriptedBackend::submitted() const {
    return shared_->state.lock()->submitted;
}

std::vector<std::int64_t> ScriptedBackend::cancelled() const {
    std::vector<std::int64_t> tasks;
    for (auto state = shared_->state.lock(); const Run& run : state->runs)
        if (run.cancelled) tasks.push_back(run.task_id);
    return tasks;
}

bool ScriptedBackend::end(std::int64_t task_id, os::ExitStatus status) {
    {
        auto state = shared_->state.lock();
        const auto run = std::ranges::find_if(state->runs, [&](const Run& candidate) {
            return candidate.task_id == task_id && !candidate.status;
        });
        if (run == state->runs.end()) return false;
        run->status = status;
    }
    shared_->changed.notify_all();
    return true;
}

}  // namespace nacre::backend
