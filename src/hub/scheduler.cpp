#include "hub/scheduler.hpp"

#include "base/error.hpp"
#include "base/text.hpp"
#include "hub/free_tasks.hpp"
#include "hub/statement.hpp"
#include "hub/tasks.hpp"

#include <algorithm>
#include <utility>

namespace nacre::hub {
namespace {

// As in index task_held.
#define NACRE_HELD "t.state IN (1, 4) AND t.host_id IS NOT NULL"

std::set<std::string, std::less<>> words(const std::string& text) {
    std::set<std::string, std::less<>> all;
    for (std::string& word : split_words(text))
        all.insert(std::move(word));
    return all;
}

void read_hosts(Call& call, HostsView& view) {
    for (const sql::Row& row : call.sql().query(
             "SELECT h.id, c.enabled, h.ready, c.capacity, h.update_time, c.arches, h.methods,"
             " h.max_tasks FROM host h JOIN host_config c ON c.host_id = h.id"
             " WHERE c.active = 1 ORDER BY h.id"))
        view.hosts.push_back(HostView{
            .id = HostId{row.integer(0)},
            .enabled = row.integer(1) != 0,
            .ready = row.integer(2) != 0,
            .capacity = row.real(3),
            .update_us = row.find_integer(4).value_or(0),
            .channels = {},
            .arches = split_words(row.text(5)),
            .methods = words(row.text(6)),
            .tasks_max = row.find_integer(7)});
    std::map<HostId, HostView*> by_id;
    for (HostView& host : view.hosts)
        by_id[host.id] = &host;
    const auto find_host = [&](const sql::Row& row) {
        const auto found = by_id.find(HostId{row.integer(0)});
        return found == by_id.end() ? nullptr : found->second;
    };
    for (const sql::Row& row :
         call.sql().query("SELECT host_id, channel_id FROM host_channels WHERE active = 1"))
        if (HostView* host = find_host(row)) host->channels.insert(ChannelId{row.integer(1)});
    for (const sql::Row& row : call.sql().query(
             "SELECT t.host_id, COUNT(*), SUM(CASE t.waiting WHEN 0 THEN t.weight ELSE 0.0 END)"
             " FROM task t WHERE " NACRE_HELD " GROUP BY t.host_id"))
        if (HostView* host = find_host(row)) {
            host->tasks = row.integer(1);
            host->load = row.real(2);
        }
}

void read_doubtful(Call& call, const SchedulerRules& rules, HostsView& view) {
    const auto before = [&](std::chrono::microseconds span) {
        return sql::Value{call.now_us() - span.count()};
    };
    for (const sql::Row& row : call.sql().query(
             "SELECT t.id, t.host_id, t.state, t.waiting, t.weight, t.queue_owner, t.changed_time"
             " FROM task t JOIN host h ON h.id = t.host_id LEFT JOIN host_config c"
             " ON c.host_id = t.host_id AND c.active = 1 WHERE " NACRE_HELD
             " AND (c.id IS NULL OR COALESCE(h.update_time, 0) < ?"
             " OR (t.state = 4 AND t.changed_time < ?)) ORDER BY t.id",
             {before(rules.host_timeout), before(rules.assign_timeout)}))
        view.doubtful.push_back(HeldTaskView{
            .id = TaskId{row.integer(0)},
            .host = HostId{row.integer(1)},
            .state = static_cast<TaskState>(row.integer(2)),
            .waiting = row.integer(3) != 0,
            .weight = row.real(4),
            .owner = row.integer(5),
            .since_us = row.integer(6)});
}

/// Whether a host is to the planner what it was.
bool is_same(const HostView& now, const HostView& before) {
    return now.enabled == before.enabled && now.ready == before.ready
           && now.capacity == before.capacity && now.tasks == before.tasks
           && now.load == before.load && now.tasks_max == before.tasks_max
           && now.channels == before.channels;
}

std::set<HostId> unchanged_hosts(const HostsView& now, const HostsView& before) {
    std::map<HostId, const HostView*> known;
    for (const HostView& host : before.hosts)
        known[host.id] = &host;
    std::set<HostId> same;
    for (const HostView& host : now.hosts)
        if (const auto found = known.find(host.id);
            found != known.end() && is_same(host, *found->second))
            same.insert(host.id);
    return same;
}

}  // namespace

HostsView read_hosts_view(Call& call, const SchedulerRules& rules) {
    HostsView view;
    read_hosts(call, view);
    for (const sql::Row& row :
         call.sql().query("SELECT t.queue_owner, COUNT(*) FROM task t WHERE " NACRE_HELD
                          " GROUP BY t.queue_owner"))
        view.held_by_owner[row.integer(0)] = row.integer(1);
    read_doubtful(call, rules, view);
    // Refusals end with their tasks, so that there are never many.
    for (const sql::Row& row :
         call.sql().query("SELECT r.task_id, r.host_id, r.soft, r.time FROM task_refusals r"))
        view.refusals.push_back(
            {TaskId{row.integer(0)}, HostId{row.integer(1)}, row.integer(2) != 0, row.integer(3)});
    for (const sql::Row& row : call.sql().query("SELECT id FROM channels WHERE enabled = 0"))
        view.disabled_channels.insert(ChannelId{row.integer(0)});
    return view;
}

Scheduler::Scheduler(
    sql::Database& database, const Clock& clock, Bells& bells, SchedulerRules rules, Log log)
    : database_{database},
      clock_{clock},
      bells_{bells},
      rules_{rules},
      log_{log} {}

bool Scheduler::release(Call& call, const Release& release) const {
    const HeldTaskView& task = release.task;
    if (!try_change_state(call, {.task = task.id, .from = task.state, .to = TaskState::Free}))
        return false;
    log_.warning(
        "task.released",
        {{"task", task.id.value()}, {"host", task.host.value()}, {"reason", release.reason}});
    if (!release.refuse) return true;
    call.sql().execute(
        "DELETE FROM task_refusals WHERE task_id = ? AND host_id = ?", bound(task.id, task.host));
    call.sql().insert(
        "INSERT INTO task_refusals (task_id, host_id, by_host, soft, msg, time)"
        " VALUES (?, ?, 0, 1, ?, ?)",
        bound(task.id, task.host, release.reason, call.now_us()));
    return true;
}

PassReport Scheduler::pass() {
    HostsView view;
    Plan plan;
    {
        Call looking{database_, sql::Access::Read, clock_, bells_};
        view = read_hosts_view(looking, rules_);
        StoredFreeTasks tasks{looking};
        plan = plan_assignments(view, tasks, looking.now_us(), rules_);
    }
    // Most passes find nothing to do: those must not take the writers' turn.
    if (plan.assignments.empty() && plan.releases.empty()) return {};
    return write(plan, view);
}

PassReport Scheduler::write(const Plan& plan, const HostsView& before) {
    Call call{database_, sql::Access::Write, clock_, bells_};
    call.set_caller(Caller::service());
    const HostsView now = read_hosts_view(call, rules_);
    PassReport report{.is_unfinished = plan.cut_short};
    for (const Release& one : plan.releases)
        if (std::ranges::find(now.doubtful, one.task) != now.doubtful.end() && release(call, one))
            ++report.released;
    const std::set<HostId> hosts = unchanged_hosts(now, before);
    for (const Assignment& assignment : plan.assignments) {
        if (hosts.contains(assignment.host)
            && try_change_state(
                call,
                {.task = assignment.task,
                 .from = TaskState::Free,
                 .to = TaskState::Assigned,
                 .host = assignment.host})) {
            ++report.assigned;
        } else {
            report.is_unfinished = true;
        }
    }
    call.commit();
    return report;
}

bool Scheduler::is_in_turn() {
    if (turn_ && turn_->is_held()) return true;
    turn_.reset();
    turn_ = database_.try_lock("scheduler");
    if (turn_) log_.info("scheduler.active");
    return turn_ != nullptr;
}

void Scheduler::run(const std::stop_token& stop) {
    Bell never;
    std::uint64_t seen = bells_.work.count();
    while (!stop.stop_requested()) {
        PassReport report;
        try {
            if (!is_in_turn()) {
                never.wait(never.count(), kStandByPause, stop);
                continue;
            }
            report = pass();
            if (report.assigned > 0)
                log_.debug(
                    "scheduler.pass", {{"assigned", static_cast<std::int64_t>(report.assigned)}});
        } catch (const Error& error) {
            log_.error("scheduler.failed", {{"error", error.describe()}});
        }
        if (!report.is_unfinished) seen = bells_.work.wait(seen, rules_.idle_pass, stop);
    }
    turn_.reset();
}

}  // namespace nacre::hub
