#include "hub/tasks.hpp"

#include "base/text.hpp"
#include "hub/audit.hpp"
#include "hub/channels.hpp"
#include "hub/hosts.hpp"
#include "hub/permissions.hpp"
#include "hub/statement.hpp"
#include "hub/task_rows.hpp"
#include "koji/fault.hpp"

#include <set>

namespace nacre::hub {
namespace {

using koji::Fault;
using koji::FaultCode;

constexpr std::size_t kTaskTreeMax = 10'000;
constexpr double kContainerWeight = 2.0;

Conditions conditions_of(const TaskFilter& filter) {
    Conditions conditions;
    std::vector<std::int64_t> states;
    for (const TaskState state : filter.states)
        states.push_back(static_cast<std::int64_t>(state));
    conditions.add_any("t.state", states);
    conditions.add_any("t.method", filter.methods);
    conditions.add_any("t.arch", filter.arches);
    conditions.add_any("t.owner", filter.owners);
    conditions.add_any("t.host_id", filter.hosts);
    conditions.add_any("t.channel_id", filter.channels);
    conditions.add_any("t.parent", filter.parents);
    if (filter.top_level_only) conditions.add("t.parent IS NULL");
    conditions.add_time("t.create_time < ?", filter.created_before);
    conditions.add_time("t.create_time > ?", filter.created_after);
    conditions.add_time("t.start_time < ?", filter.started_before);
    conditions.add_time("t.start_time > ?", filter.started_after);
    conditions.add_time("t.completion_time < ?", filter.completed_before);
    conditions.add_time("t.completion_time > ?", filter.completed_after);
    return conditions;
}

void require_owner(Call& call, const Task& task) {
    require_login(call);
    if (call.caller().is_service || (task.owner && task.owner == call.caller().user)) return;
    // A builder may end what it runs: the sub tasks of its task are its owner's.
    if (call.caller().type == UserType::Host && task.host) {
        const auto host = Hosts{}.find_by_user(call, *call.caller().user);
        if (host && host->id == *task.host) return;
    }
    if (!has_permission(call, "admin"))
        throw Fault{FaultCode::ActionNotAllowed, "Cannot cancel task, not owner"};
}

/// What the policies "channel" and "priority" may ask about a new task.
PolicyFacts facts_of(Call& call, const NewTask& task) {
    PolicyFacts facts = caller_facts(call);
    facts.set("method", task.method).set("arch", task.arch);
    if (task.parent) facts.set("parent", task.parent->str());
    if (task.label) facts.set("label", *task.label);
    if (task.channel) facts.set("req_channel", *task.channel);
    const auto text_of = [&](std::size_t index) -> const std::string* {
        return index < task.request.size() ? task.request[index].if_string() : nullptr;
    };
    // The container methods' signatures: (src, target, opts) and (target, opts).
    std::size_t next = 0;
    if (task.method == "buildContainer")
        if (const auto* source = text_of(next++)) facts.set("source", *source);
    if (task.method == "buildContainer" || task.method == "buildSourceContainer") {
        if (const auto* target = text_of(next++)) facts.set("target", *target);
        const auto* options = next < task.request.size() ? task.request[next].if_struct() : nullptr;
        const auto* scratch = options != nullptr ? options->find("scratch") : nullptr;
        if (scratch != nullptr && scratch->if_bool() != nullptr)
            facts.set("scratch", *scratch->if_bool());
    }
    return facts;
}

ChannelId choose_channel(
    Call& call, const Policies& policies, const PolicyFacts& facts, const NewTask& task) {
    const PolicyDecision decision = policies.decide("channel", facts);
    const Channels channels;
    if (decision.verb() == "use") return channels.get(call, std::string{decision.arguments()}).id;
    if (decision.verb() == "req" && task.channel) return channels.get(call, *task.channel).id;
    if (decision.verb() == "parent" && task.parent)
        if (const auto row = find_task(call, *task.parent); row && row->channel)
            return *row->channel;
    if (decision.verb() == "deny")
        throw Fault{FaultCode::ActionNotAllowed, "policy violation (channel): " + decision.rule};
    throw Fault{
        FaultCode::GenericError,
        "policy channel chose " + quoted(decision.action) + " in line "
            + std::to_string(decision.line) + ", which does not fit this task"};
}

std::int64_t choose_priority(
    const Policies& policies, const PolicyFacts& facts, std::int64_t priority) {
    const PolicyDecision decision = policies.decide("priority", facts);
    if (decision.verb() == "stay") return priority;
    const auto number = parse_integer(
        decision.arguments().starts_with('+') ? decision.arguments().substr(1)
                                              : decision.arguments());
    if (number && decision.verb() == "set") return *number;
    if (number && decision.verb() == "adjust") return priority + *number;
    throw Fault{
        FaultCode::GenericError,
        "Invalid action in policy priority: " + quoted(decision.action) + " in line "
            + std::to_string(decision.line)};
}

}  // namespace

TaskId Tasks::create(Call& call, NewTask task) const {
    const PolicyFacts facts = facts_of(call, task);
    std::optional<Task> parent;
    if (task.parent) {
        parent = get(call, *task.parent);
        if (parent->state != TaskState::Open)
            throw Fault{
                FaultCode::GenericError, "Parent task (id " + task.parent->str() + ") is not open"};
        if (!task.owner) task.owner = parent->owner;
        if (!task.priority) task.priority = parent->priority - 1;
    }
    if (!task.owner) task.owner = call.caller().user;
    const ChannelId channel = choose_channel(call, policies_, facts, task);
    const std::int64_t priority =
        choose_priority(policies_, facts, task.priority.value_or(kDefaultPriority));
    const bool assigned = task.assign.has_value();
    call.ring(assigned ? &Bells::tasks : &Bells::work);
    return TaskId{call.sql().insert(
        "INSERT INTO task (state, create_time, changed_time, channel_id, host_id, parent, label,"
        " waiting, awaited, owner, queue_owner, method, arch, priority, weight, request)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, 0, 0, ?, ?, ?, ?, ?, ?, ?)",
        bound(
            static_cast<std::int64_t>(assigned ? TaskState::Assigned : TaskState::Free),
            call.now_us(),
            call.now_us(),
            channel,
            task.assign,
            task.parent,
            task.label,
            task.owner,
            task.owner.value_or(UserId{0}),
            task.method,
            task.arch,
            priority,
            task.weight,
            encode_request(task.method, task.request)))};
}

TaskId Tasks::make(Call& call, NewTask task) const {
    require_permission(call, "admin");
    audit(call, "task.make", task.method);
    return create(call, std::move(task));
}

TaskId Tasks::create_container_build(
    Call& call,
    std::string_view source,
    std::string_view target,
    koji::Struct options,
    std::optional<std::int64_t> priority,
    std::string_view channel) const {
    require_login(call);
    NewTask task{
        .method = "buildContainer",
        .request = {source, target, std::move(options)},
        .weight = kContainerWeight};
    if (!channel.empty()) task.channel = std::string{channel};
    if (priority) {
        if (*priority < 0 && !has_permission(call, "admin"))
            throw Fault{FaultCode::ActionNotAllowed, "only admins may create high-priority tasks"};
        task.priority = kDefaultPriority + *priority;
    }
    return create(call, std::move(task));
}

TaskId Tasks::resubmit(Call& call, TaskId id) const {
    require_login(call);
    const Task old = get(call, id);
    if (old.state != TaskState::Canceled && old.state != TaskState::Failed)
        throw Fault{
            FaultCode::GenericError,
            "Can only resubmit failed/canceled tasks, task " + id.str() + " is "
                + std::string{to_string(old.state)}};
    if (old.owner != call.caller().user && !has_permission(call, "admin"))
        throw Fault{FaultCode::ActionNotAllowed, "Cannot resubmit task, not owner"};
    if (old.parent) throw Fault{FaultCode::GenericError, "Only top-level tasks can be resubmitted"};
    // It goes where it was, whatever the policy says now: an admin may have made it.
    call.ring(&Bells::work);
    return TaskId{call.sql().insert(
        "INSERT INTO task (state, create_time, changed_time, channel_id, waiting, awaited, owner,"
        " queue_owner, method, arch, priority, weight, request)"
        " VALUES (0, ?, ?, ?, 0, 0, ?, ?, ?, ?, ?, ?, ?)",
        bound(
            call.now_us(),
            call.now_us(),
            old.channel,
            call.caller().user,
            call.caller().user.value_or(UserId{0}),
            old.method,
            old.arch,
            old.priority,
            old.weight,
            old.request))};
}

std::optional<Task> Tasks::find(Call& call, TaskId task) const {
    return find_task(call, task);
}

Task Tasks::get(Call& call, TaskId id) const {
    auto task = find(call, id);
    if (!task) throw Fault{FaultCode::GenericError, "No such task: " + id.str()};
    return *std::move(task);
}

std::vector<Task> Tasks::children(Call& call, TaskId task) const {
    return list(call, {.parents = {task}}, {.order = "id"});
}

std::vector<Task> Tasks::descendents(Call& call, TaskId task) const {
    std::vector<Task> all;
    std::vector<TaskId> level{task};
    while (!level.empty() && all.size() < kTaskTreeMax) {
        std::vector<TaskId> next;
        for (Task& child : list(call, {.parents = level}, {.order = "id"})) {
            next.push_back(child.id);
            all.push_back(std::move(child));
        }
        level = std::move(next);
    }
    return all;
}

std::vector<Task> Tasks::list(
    Call& call, const TaskFilter& filter, const QueryOptions& options) const {
    const Conditions conditions = conditions_of(filter);
    return read_tasks(call.sql().query(
        std::string{kTaskColumns} + conditions.where()
            + order_and_page(
                options,
                {{"id", "t.id"},
                 {"priority", "t.priority"},
                 {"create_time", "t.create_time"},
                 {"create_ts", "t.create_time"},
                 {"start_time", "t.start_time", Nulls::Possible},
                 {"completion_time", "t.completion_time", Nulls::Possible},
                 {"state", "t.state"},
                 {"method", "t.method"},
                 {"arch", "t.arch"},
                 {"owner", "t.owner", Nulls::Possible},
                 {"owner_name", "u.name", Nulls::Possible},
                 {"host_id", "t.host_id", Nulls::Possible},
                 {"channel_id", "t.channel_id"},
                 {"parent", "t.parent", Nulls::Possible},
                 {"weight", "t.weight"}},
                "t.id"),
        conditions.parameters()));
}

std::int64_t Tasks::count(Call& call, const TaskFilter& filter) const {
    const Conditions conditions = conditions_of(filter);
    return call.sql()
        .query("SELECT COUNT(*) FROM task t" + conditions.where(), conditions.parameters())
        .at(0)
        .integer(0);
}

bool Tasks::is_finished(Call& call, TaskId task) const {
    return is_final(get(call, task).state);
}

koji::Value Tasks::result(Call& call, TaskId id) const {
    const Task task = get(call, id);
    if (task.state == TaskState::Canceled)
        throw Fault{FaultCode::GenericError, "Task " + id.str() + " is canceled"};
    if (!is_final(task.state))
        throw Fault{FaultCode::GenericError, "Task " + id.str() + " is not finished"};
    if (!task.result) throw Fault{FaultCode::GenericError, "Task " + id.str() + " has no result"};
    return decode_result(*task.result);
}

bool Tasks::cancel(Call& call, TaskId id, Recurse recurse) const {
    const Task task = get(call, id);
    require_owner(call, task);
    if (is_final(task.state)) return task.state == TaskState::Canceled;
    const bool canceled =
        try_change_state(call, {.task = id, .from = task.state, .to = TaskState::Canceled});
    if (recurse == Recurse::Yes) cancel_below(call, id);
    return canceled;
}

void Tasks::cancel_full(Call& call, TaskId id, bool strict) const {
    const Task task = get(call, id);
    require_owner(call, task);
    if (task.parent && strict)
        throw Fault{FaultCode::GenericError, "Task " + id.str() + " is not a top-level task"};
    TaskId top = id;
    for (std::optional<TaskId> above = task.parent; above; above = get(call, top).parent)
        top = *above;
    const Task topmost = get(call, top);
    if (!is_final(topmost.state))
        try_change_state(call, {.task = top, .from = topmost.state, .to = TaskState::Canceled});
    cancel_below(call, top);
}

void Tasks::cancel_children(Call& call, TaskId id) const {
    require_owner(call, get(call, id));
    cancel_below(call, id);
}

void Tasks::cancel_below(Call& call, TaskId id) const {
    for (const Task& task : descendents(call, id))
        if (!is_final(task.state))
            try_change_state(
                call, {.task = task.id, .from = task.state, .to = TaskState::Canceled});
}

void Tasks::free(Call& call, TaskId id) const {
    require_permission(call, "admin");
    const Task task = get(call, id);
    if (is_final(task.state))
        throw Fault{
            FaultCode::GenericError,
            "Cannot free task " + id.str() + ", state is " + std::string{to_string(task.state)}};
    audit(call, "task.free", id.str());
    if (task.state != TaskState::Free)
        try_change_state(call, {.task = id, .from = task.state, .to = TaskState::Free});
}

bool Tasks::assign(Call& call, TaskId id, const NameOrId& host, bool force) const {
    require_permission(call, "admin");
    const Task task = get(call, id);
    const Host to = Hosts{}.get(call, host);
    if (is_final(task.state))
        throw Fault{
            FaultCode::GenericError,
            "Task " + id.str() + " is " + std::string{to_string(task.state)}};
    if (task.state != TaskState::Free && !force) return false;
    audit(call, "task.assign", id.str(), to.name);
    return try_change_state(
        call, {.task = id, .from = task.state, .to = TaskState::Assigned, .host = to.id});
}

void Tasks::set_priority(Call& call, TaskId id, std::int64_t priority, Recurse recurse) const {
    require_permission(call, "admin");
    std::vector<Task> tasks{get(call, id)};
    if (is_final(tasks[0].state))
        throw Fault{
            FaultCode::GenericError,
            "Task " + id.str() + " is finished: its priority is of no use"};
    if (recurse == Recurse::Yes)
        for (Task& task : descendents(call, id))
            tasks.push_back(std::move(task));
    for (const Task& task : tasks)
        if (!is_final(task.state))
            call.sql().execute(
                "UPDATE task SET priority = ? WHERE id = ?", bound(priority, task.id));
    audit(call, "task.priority", id.str(), std::to_string(priority));
    call.ring(&Bells::work);
}

}  // namespace nacre::hub
