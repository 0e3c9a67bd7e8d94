#include "api/koji/method.hpp"
#include "api/koji/rows.hpp"
#include "api/koji/task_options.hpp"

namespace nacre::api::koji {
namespace {

hub::TaskId task_of(const Parameters& parameters, std::string_view name) {
    return hub::TaskId{parameters.get_integer(name)};
}

std::vector<hub::TaskId> tasks_of(const Parameters& parameters, std::string_view name) {
    std::vector<hub::TaskId> tasks;
    for (const std::int64_t id : parameters.integers(name))
        tasks.emplace_back(id);
    return tasks;
}

Value ids_of(const std::vector<hub::TaskId>& tasks) {
    Array ids;
    for (const hub::TaskId task : tasks)
        ids.push_back(value_of(task));
    return ids;
}

Value get_id(Context& context, const Parameters&) {
    return value_of(context.hub.host_tasks.verify(context.call));
}

Value get_host(Context& context, const Parameters&) {
    return row_of(context.hub.host_tasks.host(context.call));
}

Value is_enabled(Context& context, const Parameters&) {
    return context.hub.host_tasks.is_enabled(context.call);
}

Value update_host(Context& context, const Parameters& parameters) {
    static const Signature kData{"data(methods=None, maxjobs=None, **more)"};
    const Parameters data = read_members(kData, parameters.structure("data"));
    context.hub.host_tasks.update(
        context.call,
        {.task_load = parameters.find_number("task_load").value_or(0),
         .ready = parameters.flag("ready"),
         .methods = data.texts("methods"),
         .max_tasks = data.find_integer("maxjobs")});
    return nullptr;
}

Value set_host_data(Context& context, const Parameters& parameters) {
    context.hub.host_tasks.set_data(context.call, parameters.structure("hostdata"));
    return nullptr;
}

Struct offered_row(const hub::Task& task) {
    return make_struct({
        {"id", value_of(task.id)},
        {"state", static_cast<std::int64_t>(task.state)},
        {"channel_id", value_of(task.channel)},
        {"host_id", value_of(task.host)},
        {"arch", task.arch},
        {"method", task.method},
        {"priority", task.priority},
        {"create_ts", seconds_of(task.create_us)},
    });
}

Value offered_rows(const std::vector<hub::Task>& tasks) {
    return rows_of(tasks, {}, [](const hub::Task& task) { return offered_row(task); });
}

Value get_tasks(Context& context, const Parameters&) {
    return offered_rows(context.hub.host_tasks.assigned(context.call));
}

Value get_load_data(Context& context, const Parameters&) {
    const auto [hosts, tasks] = context.hub.host_tasks.load(context.call);
    return Array{
        rows_of(
            hosts,
            {},
            [&](const hub::Host& host) {
                Struct row = row_of(host);
                Array channels;
                for (const hub::Channel& channel :
                     context.hub.channels.list(context.call, {.host = host.id}))
                    channels.push_back(value_of(channel.id));
                row.set("channels", channels);
                return row;
            }),
        offered_rows(tasks)};
}

Value get_host_tasks(Context& context, const Parameters&) {
    return rows_of(context.hub.host_tasks.held(context.call), {}, [](const hub::HeldTask& task) {
        Struct row = make_struct({
            {"id", value_of(task.id)},
            {"waiting", task.waiting},
            {"weight", task.weight},
        });
        if (task.alert) row.set("alert", true);
        return row;
    });
}

Value open_task(Context& context, const Parameters& parameters) {
    const auto task = context.hub.host_tasks.open(context.call, task_of(parameters, "task_id"));
    if (!task) return nullptr;
    Struct row = row_of(*task);
    row.set("request", task->request);
    return row;
}

Value close_task(Context& context, const Parameters& parameters) {
    context.hub.host_tasks.close(
        context.call, task_of(parameters, "task_id"), parameters.get_text("response"));
    return nullptr;
}

Value fail_task(Context& context, const Parameters& parameters) {
    context.hub.host_tasks.fail(
        context.call, task_of(parameters, "task_id"), parameters.get_text("response"));
    return nullptr;
}

Value free_tasks(Context& context, const Parameters& parameters) {
    context.hub.host_tasks.free(context.call, tasks_of(parameters, "tasks"));
    return nullptr;
}

Value set_task_weight(Context& context, const Parameters& parameters) {
    context.hub.host_tasks.set_weight(
        context.call, task_of(parameters, "task_id"), parameters.find_number("weight").value_or(1));
    return nullptr;
}

Value refuse_task(Context& context, const Parameters& parameters) {
    context.hub.host_tasks.refuse(
        context.call,
        task_of(parameters, "task_id"),
        {.soft = parameters.flag("soft"), .message = parameters.find_text("msg").value_or("")});
    return nullptr;
}

Value subtask(Context& context, const Parameters& parameters) {
    static const Signature kTask{
        "subtask(method, arglist, parent, label=None, priority=None, channel=None, arch=None, "
        "owner=None, assign=None)"};
    Struct keywords = parameters.keywords();
    keywords.set("method", parameters.value("method"));
    keywords.set("arglist", parameters.value("arglist"));
    keywords.set("parent", parameters.value("parent"));
    return value_of(
        context.hub.host_tasks.subtask(context.call, new_task_of(read_members(kTask, keywords))));
}

Value subtask2(Context& context, const Parameters& parameters) {
    static const Signature kTask{
        "subtask2(method, arglist, parent, label=None, priority=None, channel=None, arch=None, "
        "owner=None, assign=None)"};
    Struct members = parameters.structure("taskopts");
    members.set("method", parameters.value("method"));
    members.set("parent", parameters.value("parent"));
    members.set(
        "arglist",
        nacre::koji::join_arguments(
            {.positional = parameters.rest(), .keywords = parameters.keywords()}));
    return value_of(
        context.hub.host_tasks.subtask(context.call, new_task_of(read_members(kTask, members))));
}

Value task_set_wait(Context& context, const Parameters& parameters) {
    context.hub.host_tasks.set_wait(
        context.call, task_of(parameters, "parent"), tasks_of(parameters, "tasks"));
    return nullptr;
}

Value task_wait(Context& context, const Parameters& parameters) {
    const hub::WaitStatus status =
        context.hub.host_tasks.wait(context.call, task_of(parameters, "parent"));
    return Array{ids_of(status.finished), ids_of(status.unfinished)};
}

Value task_wait_results(Context& context, const Parameters& parameters) {
    Array rows;
    for (const hub::TaskOutcome& outcome : context.hub.host_tasks.wait_results(
             context.call,
             task_of(parameters, "parent"),
             tasks_of(parameters, "tasks"),
             tasks_of(parameters, "canfail")))
        rows.emplace_back(Array{value_of(outcome.id), outcome.result});
    return rows;
}

Value tag_build(Context& context, const Parameters& parameters) {
    context.hub.host_tasks.require_open(context.call, task_of(parameters, "task_id"));
    context.hub.tagging.tag_directly(
        context.call,
        parameters.get_key("tag"),
        parameters.get_build("build"),
        parameters.force("force"),
        parameters.find_key("fromtag"));
    return nullptr;
}

/// Koji makes a task that sends mails; here the events of the hub are what others listen to.
Value no_notification(Context&, const Parameters&) {
    return nullptr;
}

}  // namespace

Methods host_task_methods() {
    return {
        host_reading("host.getID()", get_id, "The id of the calling host."),
        host_reading("host.getHost()", get_host, "The calling host."),
        host_reading("host.isEnabled()", is_enabled, "Whether the calling host is enabled."),
        host_changing(
            "host.updateHost(task_load, ready, data=None)",
            update_host,
            "The host is alive: its load, whether it takes tasks, which methods and how many."),
        host_changing("host.setHostData(hostdata)", set_host_data, "Facts for the scheduler."),
        host_reading(
            "host.getTasks()", get_tasks, "Tasks assigned to the host, in the order to take them."),
        host_reading("host.getLoadData()", get_load_data, "[[host], tasks]: old form of getTasks."),
        host_reading(
            "host.getHostTasks()",
            get_host_tasks,
            "Tasks that the host holds: {id, waiting, weight}."),
        host_changing(
            "host.openTask(task_id)",
            open_task,
            "Takes an assigned task: its row, or nil when it is the host's no longer."),
        host_changing(
            "host.closeTask(task_id, response)",
            close_task,
            "Ends a task with a result, as XML-RPC text."),
        host_changing(
            "host.failTask(task_id, response)",
            fail_task,
            "Ends a task with a fault, as XML-RPC text."),
        host_changing("host.freeTasks(tasks)", free_tasks, "Gives tasks back."),
        host_changing(
            "host.setTaskWeight(task_id, weight)",
            set_task_weight,
            "How much a task costs its host."),
        host_changing(
            "host.refuseTask(task_id, soft=True, msg='')",
            refuse_task,
            "Gives an assigned task back; soft: may be offered again after a while."),
        host_changing(
            "host.subtask(method, arglist, parent, **opts)", subtask, "Makes a child of a task."),
        host_changing(
            "host.subtask2(parent, taskopts, method, *args, **opts)",
            subtask2,
            "Makes a child of a task."),
        host_changing(
            "host.taskSetWait(parent, tasks)",
            task_set_wait,
            "The task waits for others, and weighs nothing meanwhile."),
        host_changing(
            "host.taskWait(parent)", task_wait, "[finished, unfinished] of what a task waits for."),
        host_reading(
            "host.taskWaitResults(parent, tasks, canfail=None)",
            task_wait_results,
            "[id, result] of tasks; the fault of one that failed, unless it can."),
        host_changing(
            "host.tagBuild(task_id, tag, build, force=False, fromtag=None)",
            tag_build,
            "Tags a build on behalf of a task."),
        host_reading(
            "host.tagNotification(is_successful, tag_id, from_id, build_id, user_id, "
            "ignore_success=False, "
            "failure_msg='')",
            no_notification,
            "Nothing: events are published by the hub itself."),
    };
}

}  // namespace nacre::api::koji
