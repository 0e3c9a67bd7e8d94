#include "builder/task_loop.hpp"

#include "base/error.hpp"
#include "koji/codec.hpp"
#include "koji/enums.hpp"
#include "koji/fault.hpp"
#include "koji/fields.hpp"

#include <algorithm>
#include <utility>
#include <vector>

namespace nacre::builder {
namespace {

/// A loop that serves no request but its own hub's: short enough to see a dead worker soon.
constexpr std::chrono::milliseconds kBusyInterval{100};
constexpr std::string_view kMethod = "buildContainer";

std::vector<std::int64_t> ids_of(const koji::Value& rows) {
    std::vector<std::int64_t> ids;
    if (const koji::Array* list = rows.if_array())
        for (const koji::Value& row : *list)
            ids.push_back(koji::get_integer(koji::get_struct(row), "id"));
    return ids;
}

}  // namespace

TaskLoop::TaskLoop(
    TaskLoopConfig config,
    HubConnection& connection,
    backend::Backend& backend,
    WorkSignal& signal,
    Log log)
    : config_{std::move(config)},
      connection_{connection},
      backend_{backend},
      signal_{signal},
      log_{log} {}

void TaskLoop::run(std::stop_token stop) {
    while (!stop.stop_requested()) {
        try {
            turn();
        } catch (const Error& error) {
            log_.warning("builder.hub_failed", {{"error", error.describe()}});
        }
        signal_.wait(running_.empty() ? config_.poll_interval : kBusyInterval, stop);
    }
    shut_down();
}

void TaskLoop::turn() {
    reap();
    report_state();
    drop_lost_tasks();
    take_tasks();
}

void TaskLoop::report_state() {
    koji::Struct data;
    data.set("methods", koji::Array{kMethod});
    data.set("maxjobs", config_.tasks_max);
    const double load = kBuildWeight * static_cast<double>(running_.size());
    const bool ready = static_cast<int>(running_.size()) < config_.tasks_max;
    connection_.call("host.updateHost", {load, ready, data});
}

void TaskLoop::drop_lost_tasks() {
    const std::vector<std::int64_t> listed = ids_of(connection_.call("host.getHostTasks", {}));
    for (auto at = running_.begin(); at != running_.end();) {
        if (std::ranges::find(listed, at->first) != listed.end()) {
            ++at;
            continue;
        }
        // A worker that has reported the end of its task is about to end by itself.
        const bool finished =
            was_reported(at->first) && at->second.worker->wait_for(config_.cancel_grace);
        if (!finished) {
            log_.info("worker.cancelled", {{"task", at->first}});
            at->second.worker->cancel(config_.cancel_grace);
        }
        connection_.call("logoutChild", {at->second.session_id});
        at = running_.erase(at);
    }
    koji::Array unknown;
    for (const std::int64_t id : listed)
        if (!running_.contains(id)) unknown.emplace_back(id);
    if (!unknown.empty()) connection_.call("host.freeTasks", {unknown});
}

bool TaskLoop::was_reported(std::int64_t task_id) {
    const koji::Value row = connection_.call("getTaskInfo", {task_id});
    if (row.is_nil()) return false;
    const auto state = koji::find_task_state(koji::get_integer(koji::get_struct(row), "state"));
    return state == koji::TaskState::Closed || state == koji::TaskState::Failed;
}

void TaskLoop::reap() {
    for (auto at = running_.begin(); at != running_.end();) {
        const auto status = at->second.worker->wait_for(std::chrono::milliseconds{0});
        if (!status) {
            ++at;
            continue;
        }
        const std::int64_t task_id = at->first;
        const std::int64_t session_id = at->second.session_id;
        at = running_.erase(at);
        connection_.call("logoutChild", {session_id});
        worker_ended(task_id, *status);
    }
}

void TaskLoop::worker_ended(std::int64_t task_id, const os::ExitStatus& status) {
    if (status.success()) {
        runs_.erase(task_id);
        return;
    }
    const int runs = ++runs_[task_id];
    log_.warning("worker.died", {{"task", task_id}, {"status", status.describe()}, {"runs", runs}});
    if (runs < config_.runs_max) {
        connection_.call("host.freeTasks", {koji::Array{task_id}});
        return;
    }
    runs_.erase(task_id);
    const std::string text =
        "the build's worker " + status.describe() + ", " + std::to_string(runs) + " times in a row";
    connection_.call(
        "host.failTask", {task_id, koji::render_fault(koji::FaultCode::GenericError, text)});
}

void TaskLoop::take_tasks() {
    const koji::Value rows = connection_.call("host.getTasks", {});
    const koji::Array* list = rows.if_array();
    if (list == nullptr) return;
    for (const koji::Value& value : *list) {
        if (static_cast<int>(running_.size()) >= config_.tasks_max) return;
        const koji::Struct& row = koji::get_struct(value);
        const std::int64_t id = koji::get_integer(row, "id");
        if (koji::get_integer(row, "state") != static_cast<std::int64_t>(koji::TaskState::Assigned))
            continue;
        if (koji::get_string(row, "method") != kMethod) {
            connection_.call("host.refuseTask", {id, koji::Value{false}, "no handler for method"});
            continue;
        }
        start(id);
    }
}

void TaskLoop::start(std::int64_t task_id) {
    if (connection_.call("host.openTask", {task_id}).is_nil()) return;  // somebody else has it now
    connection_.call("host.setTaskWeight", {task_id, kBuildWeight});
    const koji::Value session = connection_.call("subsession", {});
    backend::WorkerSpec spec;
    spec.task_id = task_id;
    spec.hub_url = config_.hub_url;
    spec.session_id = koji::get_integer(koji::get_struct(session), "session-id");
    spec.session_key = koji::get_string(koji::get_struct(session), "session-key");
    spec.data_root = config_.data_root;
    try {
        running_[task_id] = {backend_.submit(spec), spec.session_id};
        log_.info("worker.started", {{"task", task_id}});
    } catch (const Error& error) {
        running_.erase(task_id);
        log_.error("worker.not_started", {{"task", task_id}, {"error", error.describe()}});
        connection_.call("logoutChild", {spec.session_id});
        connection_.call(
            "host.failTask",
            {task_id, koji::render_fault(koji::FaultCode::GenericError, error.describe())});
    }
}

void TaskLoop::shut_down() noexcept {
    try {
        koji::Array ids;
        for (auto& [id, running] : running_) {
            running.worker->cancel(config_.cancel_grace);
            ids.emplace_back(id);
        }
        running_.clear();
        if (!ids.empty()) connection_.call("host.freeTasks", {ids});
        connection_.call("host.updateHost", {0.0, koji::Value{false}});
    } catch (const std::exception& error) {
        log_.warning("builder.shutdown_incomplete", {{"error", error.what()}});
    }
}

}  // namespace nacre::builder
