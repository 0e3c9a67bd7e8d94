#pragma once

#include "hub/hosts.hpp"
#include "hub/tasks.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace nacre::hub {

struct HeldTask {
    TaskId id;
    bool waiting = false;
    double weight = 1.0;
    bool alert = false;  ///< a task it waits for has finished
};

struct HostReport {
    double task_load = 0;
    bool ready = false;
    std::vector<std::string> methods;  ///< empty: all
    std::optional<std::int64_t> max_tasks;
};

struct WaitStatus {
    std::vector<TaskId> finished;
    std::vector<TaskId> unfinished;
};

struct TaskOutcome {
    TaskId id;
    koji::Value result;
};

struct Refusal {
    bool soft = true;  ///< may be offered again after a while
    std::string message;
};

/// The builder's side (reference C.4). Every method takes a call of a host's session and faults with 1002
/// otherwise; a task that is not the host's is refused with 1004. Thread-safe.
class HostTasks {
public:
    HostTasks(const Hosts& hosts, const Tasks& tasks) : hosts_{hosts}, tasks_{tasks} {}

    /// Whose session this is: fault 1002 when it is not a host's, or not its exclusive one.
    HostId verify(Call& call) const;
    Host host(Call& call) const;
    bool is_enabled(Call& call) const;

    void update(Call& call, const HostReport& report) const;
    void set_data(Call& call, const koji::Struct& data) const;

    /// Assigned to this host, by priority and time of creation.
    std::vector<Task> assigned(Call& call) const;
    /// Open here: what a builder does not know of it gives back.
    std::vector<HeldTask> held(Call& call) const;
    /// The hosts and tasks of Koji's older host.getLoadData: this host and assigned().
    std::pair<std::vector<Host>, std::vector<Task>> load(Call& call) const;

    /// The task, now Open; nothing when it is no longer this host's.
    std::optional<Task> open(Call& call, TaskId task) const;
    /// `response`: the XML-RPC text of a method response.
    void close(Call& call, TaskId task, std::string_view response) const;
    /// `response`: the XML-RPC text of a fault.
    void fail(Call& call, TaskId task, std::string_view response) const;
    void free(Call& call, const std::vector<TaskId>& tasks) const;
    void set_weight(Call& call, TaskId task, double weight) const;
    void refuse(Call& call, TaskId task, const Refusal& refusal) const;

    TaskId subtask(Call& call, NewTask task) const;
    void set_wait(Call& call, TaskId parent, const std::vector<TaskId>& tasks) const;
    WaitStatus wait(Call& call, TaskId parent) const;
    /// Throws the fault of the first failed one that is not in `can_fail`; those give their fault as a struct.
    std::vector<TaskOutcome> wait_results(
        Call& call,
        TaskId parent,
        const std::vector<TaskId>& tasks,
        const std::vector<TaskId>& can_fail = {}) const;

    /// Fault 1004 unless `task` is Open on the calling host.
    Task require_open(Call& call, TaskId task) const;

private:
    const Hosts& hosts_;
    const Tasks& tasks_;
};

}  // namespace nacre::hub
