#pragma once

#include "backend/backend.hpp"
#include "base/clock.hpp"
#include "base/log.hpp"
#include "builder/hub_connection.hpp"

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <stop_token>
#include <string>

namespace nacre::builder {

/// What a container build weighs in a host's capacity (reference B.3.2).
inline constexpr double kBuildWeight = 2.0;

/// Tells the loop when to look at the hub again.
class WorkSignal {
public:
    virtual ~WorkSignal() = default;

    /// Returns when something may have changed, after `limit` at the latest, or when `stop` is requested.
    virtual void wait(std::chrono::milliseconds limit, std::stop_token stop) = 0;
};

struct TaskLoopConfig {
    std::string hub_url;  ///< for the workers
    std::string data_root;
    int tasks_max = 4;  ///< that run at once
    int runs_max = 3;   ///< of one task whose worker dies, before it is failed
    std::chrono::milliseconds poll_interval{15'000};
    std::chrono::milliseconds cancel_grace{1'500};
};

/// A builder's main loop (reference C.4.1): tells the hub that it is alive, takes the tasks that are assigned to it,
/// starts a worker for each, and stops the workers of tasks that were taken away. Runs on one thread.
class TaskLoop {
public:
    /// `connection` holds an exclusive host session. All references outlive the loop.
    TaskLoop(
        TaskLoopConfig config,
        HubConnection& connection,
        backend::Backend& backend,
        WorkSignal& signal,
        Log log);

    /// Until `stop` is requested; then stops all workers, gives their tasks back and says that it is not ready. A hub
    /// that cannot be reached is tried again for ever.
    void run(std::stop_token stop);

    /// One turn; public for tests, which bring their own hub.
    void turn();

private:
    struct Running {
        std::unique_ptr<backend::Worker> worker;
        std::int64_t session_id = 0;
    };

    void report_state();
    void drop_lost_tasks();
    bool was_reported(std::int64_t task_id);
    void reap();
    void take_tasks();
    void start(std::int64_t task_id);
    void worker_ended(std::int64_t task_id, const os::ExitStatus& status);
    void shut_down() noexcept;

    const TaskLoopConfig config_;
    HubConnection& connection_;
    backend::Backend& backend_;
    WorkSignal& signal_;
    Log log_;
    std::map<std::int64_t, Running> running_;
    std::map<std::int64_t, int> runs_;  ///< of tasks whose worker died
};

}  // namespace nacre::builder
