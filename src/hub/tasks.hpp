#pragma once

#include "hub/policies.hpp"
#include "hub/query.hpp"
#include "koji/value.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace nacre::hub {

struct Task {
    TaskId id;
    TaskState state = TaskState::Free;
    std::int64_t create_us = 0;
    std::optional<std::int64_t> start_us;
    std::optional<std::int64_t> completion_us;
    std::optional<ChannelId> channel;
    std::optional<HostId> host;
    std::optional<TaskId> parent;
    std::optional<std::string> label;
    bool waiting = false;
    bool awaited = false;
    std::optional<UserId> owner;
    std::string method;
    std::string arch;
    std::int64_t priority = kDefaultPriority;
    double weight = 1.0;
    std::string request;                ///< XML-RPC text: decode_request()
    std::optional<std::string> result;  ///< XML-RPC text of a response or a fault: decode_result()
    std::string owner_name;             ///< empty without an owner
    UserType owner_type = UserType::Normal;
};

struct NewTask {
    std::string method;
    koji::Array request;
    std::optional<TaskId> parent;
    std::optional<std::string> label;
    std::optional<std::int64_t> priority;
    std::optional<std::string> channel;  ///< asked for; policy "channel" decides
    std::string arch = "noarch";
    double weight = 1.0;
    std::optional<UserId> owner;  ///< the caller when absent
    std::optional<HostId> assign;
};

/// koji's listTasks opts. Every member that is set must hold.
struct TaskFilter {
    std::vector<TaskState> states;
    std::vector<std::string> methods;
    std::vector<std::string> arches;
    std::vector<UserId> owners;
    std::vector<HostId> hosts;
    std::vector<ChannelId> channels;
    std::vector<TaskId> parents;
    bool top_level_only = false;  ///< opts {"parent": None}
    std::optional<double> created_before, created_after;
    std::optional<double> started_before, started_after;
    std::optional<double> completed_before, completed_after;
};

enum class Recurse : std::uint8_t { No, Yes };

/// Tasks as clients see them (reference C.3). Faults have Koji's codes and texts. Thread-safe.
class Tasks {
public:
    explicit Tasks(const Policies& policies) : policies_{policies} {}

    /// Makes a task as the hub does for an API call: policies "channel" and "priority" are asked, no permission is.
    TaskId create(Call& call, NewTask task) const;
    /// Koji's makeTask: for admins.
    TaskId make(Call& call, NewTask task) const;
    /// `priority` is relative to 20; negative needs admin: 1004 "only admins may create high-priority tasks".
    TaskId create_container_build(
        Call& call,
        std::string_view source,
        std::string_view target,
        koji::Struct options,
        std::optional<std::int64_t> priority,
        std::string_view channel = "container") const;
    TaskId resubmit(Call& call, TaskId task) const;

    std::optional<Task> find(Call& call, TaskId task) const;
    Task get(Call& call, TaskId task) const;  ///< fault 1000 "No such task: 7"
    std::vector<Task> children(Call& call, TaskId task) const;
    /// The tasks below `task`, in the order of their ids; it is not one of them.
    std::vector<Task> descendents(Call& call, TaskId task) const;
    std::vector<Task> list(
        Call& call, const TaskFilter& filter, const QueryOptions& options = {}) const;
    std::int64_t count(Call& call, const TaskFilter& filter) const;

    bool is_finished(Call& call, TaskId task) const;
    /// The value of a closed task; throws the stored koji::Fault of a failed one, 1000 "Task 7 is canceled",
    /// "Task 7 is not finished".
    koji::Value result(Call& call, TaskId task) const;

    /// Owner or admin; children too. A finished task stays as it is: false.
    bool cancel(Call& call, TaskId task, Recurse recurse = Recurse::Yes) const;
    /// From the topmost ancestor down. `strict`: fault 1000 for a task that is not a top-level one.
    void cancel_full(Call& call, TaskId task, bool strict = true) const;
    void cancel_children(Call& call, TaskId task) const;
    /// Admin. Makes it Free again, whatever host has it.
    void free(Call& call, TaskId task) const;
    /// Admin.
    bool assign(Call& call, TaskId task, const NameOrId& host, bool force) const;
    /// Admin.
    void set_priority(Call& call, TaskId task, std::int64_t priority, Recurse recurse) const;

private:
    void cancel_below(Call& call, TaskId task) const;

    const Policies& policies_;
};

/// The one place where a task's change of state is written: guarded by the state it had, so that of two
/// that want it one gets it. False when the task was no longer in `from`. Rings Bells::tasks, and
/// Bells::work for a Free one.
struct TaskStateChange {
    TaskId task;
    TaskState from = TaskState::Free;
    TaskState to = TaskState::Free;
    std::optional<HostId> host;         ///< for Assigned and Open
    std::optional<std::string> result;  ///< for Closed and Failed
};

bool try_change_state(Call& call, const TaskStateChange& change);

/// How requests and results are stored: Koji's own XML-RPC texts.
std::string encode_request(std::string_view method, const koji::Array& request);
koji::Array decode_request(std::string_view text);
std::string encode_result(const koji::Value& value);
std::string encode_fault(std::int64_t code, std::string_view text);
/// Throws the koji::Fault that the text holds.
koji::Value decode_result(std::string_view text);

}  // namespace nacre::hub
