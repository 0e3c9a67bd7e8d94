#include "hub/host_tasks.hpp"

#include "base/error.hpp"
#include "base/text.hpp"
#include "hub/statement.hpp"
#include "hub/task_rows.hpp"
#include "koji/fault.hpp"

#include <algorithm>
#include <map>

namespace nacre::hub {
namespace {

using koji::Fault;
using koji::FaultCode;

constexpr std::size_t kResultBytesMax = std::size_t{16} << 20U;

/// A result that cannot be read back would break every client that asks for it.
std::string checked_response(std::string_view response) {
    if (response.size() > kResultBytesMax)
        throw Fault{
            FaultCode::GenericError,
            "task result has " + std::to_string(response.size()) + " bytes, limit "
                + std::to_string(kResultBytesMax)};
    try {
        decode_result(response);
    } catch (const Fault&) {
        return std::string{response};  // a well-formed fault is a result, too
    } catch (const Error& error) {
        throw Fault{FaultCode::GenericError, "Invalid task result: " + error.describe()};
    }
    return std::string{response};
}

void write_refusal(Call& call, TaskId task, HostId host, const Refusal& refusal) {
    call.sql().execute(
        "DELETE FROM task_refusals WHERE task_id = ? AND host_id = ?", bound(task, host));
    call.sql().insert(
        "INSERT INTO task_refusals (task_id, host_id, by_host, soft, msg, time)"
        " VALUES (?, ?, 1, ?, ?, ?)",
        bound(task, host, refusal.soft, refusal.message, call.now_us()));
}

}  // namespace

HostId HostTasks::verify(Call& call) const {
    if (!call.caller().user) throw Fault{FaultCode::AuthError, "Not logged in"};
    const auto host = hosts_.find_by_user(call, *call.caller().user);
    if (!host)
        throw Fault{FaultCode::AuthError, "User " + call.caller().user->str() + " is not a host"};
    if (!call.caller().exclusive)
        throw Fault{FaultCode::AuthError, "This method requires an exclusive session"};
    return host->id;
}

Host HostTasks::host(Call& call) const {
    return hosts_.get(call, verify(call).value());
}

bool HostTasks::is_enabled(Call& call) const {
    return host(call).enabled;
}

void HostTasks::update(Call& call, const HostReport& report) const {
    const HostId host = verify(call);
    call.sql().execute(
        "UPDATE host SET task_load = ?, ready = ?, update_time = ?, methods = ?, max_tasks = ?"
        " WHERE id = ?",
        bound(
            report.task_load,
            report.ready,
            call.now_us(),
            join(report.methods, " "),
            report.max_tasks,
            host));
    if (report.ready) call.ring(&Bells::work);
}

void HostTasks::set_data(Call& call, const koji::Struct& data) const {
    const HostId host = verify(call);
    std::vector<std::string> methods;
    if (const auto* value = data.find("methods"); value != nullptr && value->if_array() != nullptr)
        for (const koji::Value& method : *value->if_array())
            if (const auto* name = method.if_string()) methods.push_back(*name);
    std::optional<std::int64_t> most;
    if (const auto* value = data.find("maxjobs");
        value != nullptr && value->if_integer() != nullptr)
        most = *value->if_integer();
    call.sql().execute(
        "UPDATE host SET methods = ?, max_tasks = ? WHERE id = ?",
        bound(join(methods, " "), most, host));
    call.ring(&Bells::work);
}

std::vector<Task> HostTasks::assigned(Call& call) const {
    return tasks_.list(
        call,
        {.states = {TaskState::Assigned}, .hosts = {verify(call)}},
        {.order = "priority,create_time"});
}

std::vector<HeldTask> HostTasks::held(Call& call) const {
    const sql::Rows rows = call.sql().query(
        "SELECT t.id, t.waiting, t.weight, (SELECT COUNT(*) FROM task c WHERE c.parent = t.id AND"
        " c.awaited = 1 AND c.state IN (2, 3, 5)) FROM task t"
        " WHERE t.host_id = ? AND t.state = 1 ORDER BY t.id",
        bound(verify(call)));
    std::vector<HeldTask> held;
    for (const sql::Row& row : rows) {
        const bool waiting = row.integer(1) != 0;
        held.push_back(
            {TaskId{row.integer(0)}, waiting, row.real(2), waiting && row.integer(3) > 0});
    }
    return held;
}

std::pair<std::vector<Host>, std::vector<Task>> HostTasks::load(Call& call) const {
    return {{host(call)}, assigned(call)};
}

std::optional<Task> HostTasks::open(Call& call, TaskId id) const {
    const HostId host = verify(call);
    const auto task = find_task(call, id);
    if (!task || (task->state != TaskState::Assigned && task->state != TaskState::Free))
        return std::nullopt;
    if (task->state == TaskState::Assigned && task->host != host) return std::nullopt;
    if (!try_change_state(
            call, {.task = id, .from = task->state, .to = TaskState::Open, .host = host}))
        return std::nullopt;
    return find_task(call, id);
}

Task HostTasks::require_open(Call& call, TaskId id) const {
    const HostId host = verify(call);
    Task task = tasks_.get(call, id);
    if (task.host != host)
        throw Fault{
            FaultCode::ActionNotAllowed, "host " + host.str() + " does not own task " + id.str()};
    if (task.state != TaskState::Open)
        throw Fault{
            FaultCode::ActionNotAllowed,
            "task " + id.str() + " is not open: state is " + std::string{to_string(task.state)}};
    return task;
}

void HostTasks::close(Call& call, TaskId id, std::string_view response) const {
    require_open(call, id);
    try_change_state(
        call,
        {.task = id,
         .from = TaskState::Open,
         .to = TaskState::Closed,
         .result = checked_response(response)});
}

void HostTasks::fail(Call& call, TaskId id, std::string_view response) const {
    require_open(call, id);
    try_change_state(
        call,
        {.task = id,
         .from = TaskState::Open,
         .to = TaskState::Failed,
         .result = checked_response(response)});
}

void HostTasks::free(Call& call, const std::vector<TaskId>& ids) const {
    const HostId host = verify(call);
    for (const TaskId id : ids) {
        const Task task = tasks_.get(call, id);
        if (task.host != host || is_final(task.state)) continue;
        if (task.state != TaskState::Free)
            try_change_state(call, {.task = id, .from = task.state, .to = TaskState::Free});
    }
}

void HostTasks::set_weight(Call& call, TaskId id, double weight) const {
    require_open(call, id);
    if (!(weight >= 0))
        throw Fault{FaultCode::GenericError, "Invalid weight: it must not be negative"};
    call.sql().execute("UPDATE task SET weight = ? WHERE id = ?", bound(weight, id));
}

void HostTasks::refuse(Call& call, TaskId id, const Refusal& refusal) const {
    const HostId host = verify(call);
    const Task task = tasks_.get(call, id);
    if (task.host != host)
        throw Fault{
            FaultCode::ActionNotAllowed,
            "task " + id.str() + " is not assigned to host " + host.str()};
    if (task.state != TaskState::Assigned && task.state != TaskState::Open) return;
    write_refusal(call, id, host, refusal);
    try_change_state(call, {.task = id, .from = task.state, .to = TaskState::Free});
}

TaskId HostTasks::subtask(Call& call, NewTask task) const {
    if (!task.parent) throw Fault{FaultCode::GenericError, "a subtask needs a parent"};
    require_open(call, *task.parent);
    task.owner.reset();
    return tasks_.create(call, std::move(task));
}

void HostTasks::set_wait(Call& call, TaskId parent, const std::vector<TaskId>& ids) const {
    require_open(call, parent);
    call.sql().execute("UPDATE task SET awaited = 0 WHERE parent = ?", bound(parent));
    Conditions conditions;
    conditions.add("parent = ?", bound(parent));
    conditions.add_any("id", ids);
    call.sql().execute("UPDATE task SET awaited = 1" + conditions.where(), conditions.parameters());
    call.sql().execute("UPDATE task SET waiting = 1 WHERE id = ?", bound(parent));
    // A waiting task weighs nothing: its host has room.
    call.ring(&Bells::work);
}

WaitStatus HostTasks::wait(Call& call, TaskId parent) const {
    require_open(call, parent);
    WaitStatus status;
    for (const Task& child : tasks_.children(call, parent)) {
        if (!child.awaited) continue;
        (is_final(child.state) ? status.finished : status.unfinished).push_back(child.id);
    }
    if (status.finished.empty() && !status.unfinished.empty()) return status;
    call.sql().execute("UPDATE task SET waiting = 0 WHERE id = ?", bound(parent));
    for (const TaskId child : status.finished)
        call.sql().execute("UPDATE task SET awaited = 0 WHERE id = ?", bound(child));
    return status;
}

std::vector<TaskOutcome> HostTasks::wait_results(
    Call& call,
    TaskId parent,
    const std::vector<TaskId>& ids,
    const std::vector<TaskId>& can_fail) const {
    require_open(call, parent);
    std::vector<TaskOutcome> outcomes;
    for (const Task& child : tasks_.children(call, parent)) {
        if (!ids.empty() && std::find(ids.begin(), ids.end(), child.id) == ids.end()) continue;
        const bool tolerated =
            std::find(can_fail.begin(), can_fail.end(), child.id) != can_fail.end();
        try {
            outcomes.push_back({child.id, tasks_.result(call, child.id)});
        } catch (const Fault& fault) {
            if (!tolerated) throw;
            koji::Struct described;
            described.set("faultCode", static_cast<std::int64_t>(fault.fault_code()));
            described.set("faultString", std::string{fault.what()});
            outcomes.push_back({child.id, std::move(described)});
        }
    }
    call.sql().execute("UPDATE task SET waiting = 0 WHERE id = ?", bound(parent));
    return outcomes;
}

}  // namespace nacre::hub
