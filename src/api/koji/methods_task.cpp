#include "api/koji/method.hpp"
#include "api/koji/rows.hpp"
#include "api/koji/task_options.hpp"
#include "base/text.hpp"
#include "koji/fault.hpp"

#include <map>

namespace nacre::api::koji {
namespace {

using nacre::koji::Fault;
using nacre::koji::FaultCode;

hub::TaskId task_of(const Parameters& parameters, std::string_view name) {
    return hub::TaskId{parameters.get_integer(name)};
}

hub::Recurse recurse_of(const Parameters& parameters) {
    return parameters.flag("recurse") ? hub::Recurse::Yes : hub::Recurse::No;
}

WithRequest with_request(const Parameters& parameters) {
    return parameters.flag("request") ? WithRequest::Yes : WithRequest::No;
}

Value task_rows(const std::vector<hub::Task>& tasks, WithRequest with) {
    return rows_of(tasks, {}, [with](const hub::Task& task) { return row_of(task, with); });
}

Value task_row(Context& context, hub::TaskId id, const Parameters& parameters) {
    const auto task = parameters.flag("strict")
                          ? std::optional{context.hub.tasks.get(context.call, id)}
                          : context.hub.tasks.find(context.call, id);
    return task ? Value{row_of(*task, with_request(parameters))} : Value{};
}

Value get_task_info(Context& context, const Parameters& parameters) {
    if (parameters.value("task_id").if_array() == nullptr)
        return task_row(context, task_of(parameters, "task_id"), parameters);
    Array rows;
    for (const std::int64_t id : parameters.integers("task_id"))
        rows.push_back(task_row(context, hub::TaskId{id}, parameters));
    return rows;
}

Value get_task_children(Context& context, const Parameters& parameters) {
    const hub::TaskId task = task_of(parameters, "task_id");
    if (parameters.flag("strict")) context.hub.tasks.get(context.call, task);
    return task_rows(context.hub.tasks.children(context.call, task), with_request(parameters));
}

/// {"7": [children], "8": []}: each task below, and the task itself.
Value get_task_descendents(Context& context, const Parameters& parameters) {
    const hub::TaskId root = task_of(parameters, "task_id");
    const auto tasks = context.hub.tasks.descendents(context.call, root);
    std::map<hub::TaskId, Array> children{{root, {}}};
    for (const hub::Task& task : tasks) {
        children[task.id];
        if (task.parent)
            children[*task.parent].emplace_back(row_of(task, with_request(parameters)));
    }
    Struct tree;
    for (auto& [id, rows] : children)
        tree.set(id.str(), std::move(rows));
    return tree;
}

Value get_task_request(Context& context, const Parameters& parameters) {
    return hub::decode_request(
        context.hub.tasks.get(context.call, task_of(parameters, "taskId")).request);
}

Value get_task_result(Context& context, const Parameters& parameters) {
    const hub::TaskId task = task_of(parameters, "taskId");
    if (parameters.flag("raise_fault")) return context.hub.tasks.result(context.call, task);
    try {
        return context.hub.tasks.result(context.call, task);
    } catch (const Fault& fault) {
        return make_struct({
            {"faultCode", static_cast<std::int64_t>(fault.fault_code())},
            {"faultString", fault.what()},
        });
    }
}

Value task_finished(Context& context, const Parameters& parameters) {
    return context.hub.tasks.is_finished(context.call, task_of(parameters, "taskId"));
}

Value decoded_result(const std::optional<std::string>& text) {
    if (!text) return nullptr;
    try {
        return hub::decode_result(*text);
    } catch (const Fault& fault) {
        return make_struct({
            {"faultCode", static_cast<std::int64_t>(fault.fault_code())},
            {"faultString", fault.what()},
        });
    }
}

Struct list_row(const hub::Task& task, bool decode) {
    Struct row = row_of(task, decode ? WithRequest::Yes : WithRequest::No);
    if (decode) {
        row.set("result", decoded_result(task.result));
    } else {
        row.set("request", task.request);
        row.set("result", value_of(task.result));
    }
    row.set("owner_name", task.owner ? Value{task.owner_name} : Value{});
    row.set("owner_type", static_cast<std::int64_t>(task.owner_type));
    return row;
}

Value list_tasks(Context& context, const Parameters& parameters) {
    const TaskListOptions options = read_task_options(context, parameters.structure("opts"));
    const Query query = parameters.query("queryOpts");
    if (query.count_only) return context.hub.tasks.count(context.call, options.filter);
    return rows_of(
        context.hub.tasks.list(context.call, options.filter, query.options),
        query,
        [&](const hub::Task& task) { return list_row(task, options.decode); });
}

Value make_task(Context& context, const Parameters& parameters) {
    static const Signature kMake{
        "makeTask(method, arglist, parent=None, label=None, priority=None, channel=None, "
        "arch=None, "
        "owner=None, assign=None)"};
    const Parameters given{
        kMake, bind(kMake, {.positional = parameters.rest(), .keywords = parameters.keywords()})};
    return value_of(context.hub.tasks.make(context.call, new_task_of(given)));
}

Value build_container(Context& context, const Parameters& parameters) {
    return value_of(context.hub.tasks.create_container_build(
        context.call,
        parameters.get_text("src"),
        parameters.get_text("target"),
        parameters.structure("opts"),
        parameters.find_integer("priority"),
        parameters.find_text("channel").value_or("container")));
}

Value resubmit_task(Context& context, const Parameters& parameters) {
    return value_of(context.hub.tasks.resubmit(context.call, task_of(parameters, "taskID")));
}

Value cancel_task(Context& context, const Parameters& parameters) {
    context.hub.tasks.cancel(context.call, task_of(parameters, "task_id"), recurse_of(parameters));
    return nullptr;
}

Value cancel_task_full(Context& context, const Parameters& parameters) {
    context.hub.tasks.cancel_full(
        context.call, task_of(parameters, "task_id"), parameters.flag("strict"));
    return nullptr;
}

Value cancel_task_children(Context& context, const Parameters& parameters) {
    context.hub.tasks.cancel_children(context.call, task_of(parameters, "task_id"));
    return nullptr;
}

Value free_task(Context& context, const Parameters& parameters) {
    context.hub.tasks.free(context.call, task_of(parameters, "task_id"));
    return nullptr;
}

Value assign_task(Context& context, const Parameters& parameters) {
    return context.hub.tasks.assign(
        context.call,
        task_of(parameters, "task_id"),
        parameters.get_key("host"),
        parameters.flag("force"));
}

Value set_task_priority(Context& context, const Parameters& parameters) {
    context.hub.tasks.set_priority(
        context.call,
        task_of(parameters, "task_id"),
        parameters.get_integer("priority"),
        recurse_of(parameters));
    return nullptr;
}

}  // namespace

Methods task_methods() {
    return {
        reading(
            "getTaskInfo(task_id, request=False, strict=False)",
            get_task_info,
            "A task, or several."),
        reading(
            "getTaskChildren(task_id, request=False, strict=False)",
            get_task_children,
            "The tasks that a task made."),
        reading(
            "getTaskDescendents(task_id, request=False)",
            get_task_descendents,
            "The whole tree of tasks below one, by id."),
        reading("getTaskRequest(taskId)", get_task_request, "The arguments of a task."),
        reading(
            "getTaskResult(taskId, raise_fault=True)",
            get_task_result,
            "What a task gave; the fault of one that failed."),
        reading("taskFinished(taskId)", task_finished, "Whether a task has ended."),
        reading(
            "listTasks(opts=None, queryOpts=None)",
            list_tasks,
            "Tasks by state, method, owner, host_id, channel_id, arch, parent and times; with "
            "decode "
            "their requests and results as values."),
        changing(
            "makeTask(*args, **opts)",
            make_task,
            "Makes a task of any kind: method, arglist and options. Admin."),
        changing(
            "buildContainer(src, target, opts=None, priority=None, channel='container')",
            build_container,
            "Builds a container image from a commit for a target; gives the id of the task."),
        changing(
            "resubmitTask(taskID)",
            resubmit_task,
            "Makes a task with the request of one that failed or was cancelled."),
        changing(
            "cancelTask(task_id, recurse=True)",
            cancel_task,
            "Cancels a task and its children. Owner or admin."),
        changing(
            "cancelTaskFull(task_id, strict=True)",
            cancel_task_full,
            "Cancels the whole tree of tasks that a task is in. Admin."),
        changing(
            "cancelTaskChildren(task_id)",
            cancel_task_children,
            "Cancels the children of a task. Owner or admin."),
        changing(
            "freeTask(task_id)", free_task, "Takes a task from its host, to be run again. Admin."),
        changing(
            "assignTask(task_id, host, force=False, override=False)",
            assign_task,
            "Gives a task to a host. Admin."),
        changing(
            "setTaskPriority(task_id, priority, recurse=True)",
            set_task_priority,
            "Changes the priority of a task; lower runs first. Admin."),
    };
}

}  // namespace nacre::api::koji
