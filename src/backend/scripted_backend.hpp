#pragma once

#include "backend/backend.hpp"
#include "base/guarded.hpp"

#include <condition_variable>
#include <functional>
#include <vector>

namespace nacre::backend {

/// Starts nothing: workers end as the test says. Thread-safe; workers may outlive it.
class ScriptedBackend final : public Backend {
public:
    struct Script {
        os::ExitStatus status;
        bool ends = true;            ///< when false it runs until it is ended or cancelled
        bool heeds_request = true;   ///< when false a cancellation takes the whole grace
        std::function<void()> body;  ///< what the worker does; called by the first wait_for()
    };

    using Behaviour = std::function<Script(const WorkerSpec&)>;

    /// Throws from `behaviour` are failures to start.
    explicit ScriptedBackend(Behaviour behaviour);

    std::unique_ptr<Worker> submit(const WorkerSpec& spec) override;

    /// What was submitted, in order.
    std::vector<WorkerSpec> submitted() const;
    /// The tasks whose workers were cancelled or dropped while they ran.
    std::vector<std::int64_t> cancelled() const;
    /// Ends the running worker of a task as if by itself. Returns false when there is none.
    bool end(std::int64_t task_id, os::ExitStatus status);

private:
    friend class ScriptedWorker;

    struct Run {
        std::int64_t task_id = 0;
        Script script;
        std::optional<os::ExitStatus> status;
        bool cancelled = false;
    };

    struct State {
        std::vector<WorkerSpec> submitted;
        std::vector<Run> runs;
    };

    struct Shared {
        Guarded<State> state;
        std::condition_variable_any changed;
    };

    Behaviour behaviour_;
    std::shared_ptr<Shared> shared_;
};

}  // namespace nacre::backend
