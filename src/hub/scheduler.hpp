#pragma once

#include "base/log.hpp"
#include "hub/call.hpp"

#include <chrono>
#include <map>
#include <optional>
#include <set>
#include <stop_token>
#include <string>
#include <vector>

namespace nacre::hub {

/// Reference C.4.4, with Koji's defaults.
struct SchedulerRules {
    std::chrono::seconds ready_timeout{180};   ///< a host that is silent longer gets no new task
    std::chrono::seconds assign_timeout{300};  ///< an Assigned task that is not opened is freed
    std::chrono::seconds host_timeout{900};    ///< a host that is silent longer is dead
    std::chrono::seconds soft_refusal_timeout{900};
    std::int64_t tasks_per_host_max = 15;
    double capacity_overcommit = 5.0;
    std::chrono::milliseconds idle_pass{15'000};  ///< between passes when nothing rings
};

struct QueuedTask {
    TaskId id;
    ChannelId channel;
    std::string arch;
    std::string method;
    std::int64_t priority = kDefaultPriority;
    std::int64_t create_us = 0;
    std::optional<UserId> owner;
    double weight = 1.0;
};

struct HeldTaskView {
    TaskId id;
    HostId host;
    TaskState state = TaskState::Open;
    bool waiting = false;  ///< weighs nothing
    double weight = 1.0;
    std::optional<UserId> owner;
    std::int64_t since_us = 0;  ///< when it was assigned or opened
};

struct HostView {
    HostId id;
    bool enabled = true;
    bool ready = false;
    double capacity = 2;
    std::int64_t update_us = 0;
    std::set<ChannelId> channels;
    std::vector<std::string> arches;
    std::set<std::string, std::less<>> methods;  ///< empty: all
    std::optional<std::int64_t> tasks_max;
};

struct RefusalView {
    TaskId task;
    HostId host;
    bool soft = true;
    std::int64_t time_us = 0;
};

struct QueueView {
    std::vector<QueuedTask> free;
    std::vector<HeldTaskView> held;
    std::vector<HostView> hosts;
    std::vector<RefusalView> refusals;
    std::set<ChannelId> disabled_channels;
};

struct Assignment {
    TaskId task;
    HostId host;

    bool operator==(const Assignment&) const = default;
};

struct Release {
    TaskId task;
    HostId host;
    TaskState from = TaskState::Assigned;
    bool refuse = false;  ///< counts as a soft refusal by the host
    std::string reason;
};

struct Plan {
    std::vector<Release> releases;
    std::vector<Assignment> assignments;
};

/// Pure. Tasks by priority, then by how little their owner has running, then by time of creation; each goes
/// to the least loaded host that may take it. No host gets more than its capacity (plus the overcommit, for
/// a single task) or number of tasks.
Plan plan_assignments(const QueueView& view, std::int64_t now_us, const SchedulerRules& rules);

/// Why a free task is not assigned: for `nacre task explain` and logs. One sentence.
std::string explain_waiting(
    const QueueView& view,
    const QueuedTask& task,
    std::int64_t now_us,
    const SchedulerRules& rules);

QueueView read_queue(Call& call);

struct PassReport {
    std::size_t assigned = 0;
    std::size_t released = 0;
};

/// Runs passes when Bells::work rings, and from time to time for what time alone changes.
class Scheduler {
public:
    Scheduler(
        sql::Database& database, const Clock& clock, Bells& bells, SchedulerRules rules, Log log);

    /// One pass: reads the queue, plans, and writes what still holds. Thread-safe.
    PassReport pass();
    /// Until `stop`: the body of a thread of its own.
    void run(const std::stop_token& stop);

private:
    void release(Call& call, const Release& release) const;

    sql::Database& database_;
    const Clock& clock_;
    Bells& bells_;
    SchedulerRules rules_;
    Log log_;
};

}  // namespace nacre::hub
