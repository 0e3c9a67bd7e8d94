#pragma once

#include "hub/ids.hpp"
#include "hub/states.hpp"

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
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
    std::size_t assignments_per_pass_max = 1'000;  ///< the next pass follows at once
    std::chrono::milliseconds idle_pass{15'000};   ///< between passes when nothing rings
};

/// A part of the queue whose tasks the same hosts can run: they differ in owner and age only.
struct QueueBin {
    std::int64_t priority = kDefaultPriority;
    ChannelId channel;
    std::string arch;
    std::string method;
    double weight = 1.0;

    auto operator<=>(const QueueBin&) const = default;
};

/// What a task's turn within its bin depends on; 0 is the owner of tasks that nobody owns.
struct QueuedTask {
    TaskId id;
    std::int64_t owner = 0;
    std::int64_t create_us = 0;

    bool operator==(const QueuedTask&) const = default;
};

/// The free tasks, read in pieces: what a pass does not need is not read.
class FreeTasks {
public:
    virtual ~FreeTasks() = default;

    /// All bins that have a task, by priority.
    virtual std::vector<QueueBin> bins() = 0;
    /// The oldest task of each owner in the bin.
    virtual std::vector<QueuedTask> oldest_of_owners(const QueueBin& bin) = 0;
    /// The next tasks of the same owner in the bin, by age and id; at most `limit`, fewer only at the end.
    virtual std::vector<QueuedTask> following(
        const QueueBin& bin, const QueuedTask& task, std::size_t limit) = 0;
};

struct HeldTaskView {
    TaskId id;
    HostId host;
    TaskState state = TaskState::Open;
    bool waiting = false;  ///< weighs nothing
    double weight = 1.0;
    std::int64_t owner = 0;
    std::int64_t since_us = 0;  ///< when it was assigned or opened

    bool operator==(const HeldTaskView&) const = default;
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
    std::int64_t tasks = 0;  ///< that it holds, waiting ones included
    double load = 0;         ///< their weights, without those of waiting ones
};

struct RefusalView {
    TaskId task;
    HostId host;
    bool soft = true;
    std::int64_t time_us = 0;
};

/// What a pass decides by, besides the free tasks.
struct HostsView {
    std::vector<HostView> hosts;
    std::map<std::int64_t, std::int64_t> held_by_owner;  ///< how many tasks hosts hold
    std::vector<HeldTaskView> doubtful;  ///< held tasks that may have to be released
    std::vector<RefusalView> refusals;   ///< of free tasks
    std::set<ChannelId> disabled_channels;
};

struct Assignment {
    TaskId task;
    HostId host;

    bool operator==(const Assignment&) const = default;
};

struct Release {
    HeldTaskView task;
    bool refuse = false;  ///< counts as a soft refusal by the host
    std::string reason;
};

struct Plan {
    std::vector<Release> releases;
    std::vector<Assignment> assignments;
    bool cut_short = false;  ///< by assignments_per_pass_max
};

/// Pure. Tasks by priority, then by how little their owner has running, then by time of creation; each goes
/// to the least loaded host that may take it. No host gets more than its capacity (plus the overcommit, for
/// a single task) or number of tasks. Reads of `tasks` about as much as it assigns.
Plan plan_assignments(
    const HostsView& view, FreeTasks& tasks, std::int64_t now_us, const SchedulerRules& rules);

/// Why a free task is not assigned: for `nacre task explain` and logs. One sentence.
std::string explain_waiting(
    const HostsView& view,
    const QueueBin& bin,
    TaskId task,
    std::int64_t now_us,
    const SchedulerRules& rules);

}  // namespace nacre::hub
