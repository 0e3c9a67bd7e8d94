#include "hub/scheduler.hpp"

#include "base/error.hpp"
#include "base/text.hpp"
#include "hub/statement.hpp"
#include "hub/tasks.hpp"

#include <algorithm>
#include <tuple>
#include <unordered_map>
#include <utility>

namespace nacre::hub {
namespace {

std::int64_t microseconds(std::chrono::nanoseconds span) {
    return std::chrono::duration_cast<std::chrono::microseconds>(span).count();
}

struct HostRoom {
    const HostView* view = nullptr;
    double load = 0;
    std::int64_t tasks = 0;
};

bool runs_arch(const HostView& host, std::string_view arch) {
    return arch == "noarch"
           || std::find(host.arches.begin(), host.arches.end(), arch) != host.arches.end();
}

bool is_silent(const HostView& host, std::int64_t now_us, std::chrono::seconds limit) {
    return now_us - host.update_us > microseconds(limit);
}

bool takes_tasks(const HostView& host, std::int64_t now_us, const SchedulerRules& rules) {
    return host.enabled && host.ready && !is_silent(host, now_us, rules.ready_timeout);
}

bool may_run(const HostView& host, const QueuedTask& task) {
    return host.channels.contains(task.channel) && runs_arch(host, task.arch)
           && (host.methods.empty() || host.methods.contains(task.method));
}

/// Koji lets one task go over a host's capacity by so much, so that a heavy one finds a place at all.
bool has_room(const HostRoom& room, double weight, const SchedulerRules& rules) {
    const std::int64_t most = room.view->tasks_max.value_or(rules.tasks_per_host_max);
    if (room.tasks >= most) return false;
    const double left = room.view->capacity - room.load;
    return left > 0 && left > std::max(0.0, weight - rules.capacity_overcommit);
}

using Refusals = std::set<std::pair<TaskId, HostId>>;

class Planner {
public:
    Planner(const QueueView& view, std::int64_t now_us, const SchedulerRules& rules)
        : view_{view},
          now_us_{now_us},
          rules_{rules} {
        for (const HostView& host : view.hosts)
            rooms_[host.id].view = &host;
        for (const RefusalView& refusal : view.refusals)
            if (!refusal.soft
                || now_us - refusal.time_us < microseconds(rules.soft_refusal_timeout))
                refusals_.emplace(refusal.task, refusal.host);
    }

    Plan run() {
        for (const HeldTaskView& task : view_.held)
            if (!try_release(task)) occupy(task);
        assign_all();
        return std::move(plan_);
    }

    std::string explain(const QueuedTask& task) {
        for (const HeldTaskView& held : view_.held)
            occupy(held);
        std::size_t in_channel = 0, right_arch = 0, ready = 0, willing = 0;
        for (const auto& [id, room] : rooms_) {
            if (!room.view->channels.contains(task.channel)) continue;
            ++in_channel;
            if (!may_run(*room.view, task)) continue;
            ++right_arch;
            if (!takes_tasks(*room.view, now_us_, rules_)) continue;
            ++ready;
            if (!refusals_.contains({task.id, id})) ++willing;
        }
        const auto waits = [&](const std::string& why) {
            return "task " + task.id.str() + " waits: " + why;
        };
        if (view_.disabled_channels.contains(task.channel)) return waits("its channel is disabled");
        if (in_channel == 0) return waits("its channel has no hosts");
        if (right_arch == 0)
            return waits(
                "none of the " + std::to_string(in_channel) + " hosts of its channel runs method '"
                + task.method + "' for '" + task.arch + "'");
        if (ready == 0)
            return waits(
                "all " + std::to_string(right_arch)
                + " hosts that could run it are disabled, not ready or silent");
        if (willing == 0) return waits("every host that could run it has refused it");
        return waits(
            "all " + std::to_string(willing) + " hosts that could run it are full, or the next pass"
            " of the scheduler takes it");
    }

private:
    bool try_release(const HeldTaskView& task) {
        const auto room = rooms_.find(task.host);
        const bool dead =
            room == rooms_.end() || is_silent(*room->second.view, now_us_, rules_.host_timeout);
        if (task.state == TaskState::Open) {
            if (!dead) return false;
            plan_.releases.push_back(
                {task.id, task.host, task.state, /*refuse=*/false, "its host is silent"});
            return true;
        }
        const bool late = now_us_ - task.since_us > microseconds(rules_.assign_timeout);
        if (!late && !dead) return false;
        plan_.releases.push_back(
            {task.id, task.host, task.state, /*refuse=*/true, "its host did not open it"});
        return true;
    }

    void occupy(const HeldTaskView& task) {
        if (task.owner) ++running_of_[*task.owner];
        const auto room = rooms_.find(task.host);
        if (room == rooms_.end()) return;
        ++room->second.tasks;
        if (!task.waiting) room->second.load += task.weight;
    }

    /// Priority by priority; within one, the owner with the least running tasks is served next, and of an owner
    /// the oldest task. Released tasks wait for the next pass, which a bell starts at once.
    void assign_all() {
        std::map<std::int64_t, std::vector<const QueuedTask*>> by_priority;
        for (const QueuedTask& task : view_.free)
            if (!view_.disabled_channels.contains(task.channel))
                by_priority[task.priority].push_back(&task);
        for (auto& [unused, tasks] : by_priority) {
            std::sort(tasks.begin(), tasks.end(), [](const auto* a, const auto* b) {
                return std::tie(a->create_us, a->id) < std::tie(b->create_us, b->id);
            });
            assign_fairly(tasks);
        }
    }

    void assign_fairly(const std::vector<const QueuedTask*>& tasks) {
        std::map<std::int64_t, std::vector<const QueuedTask*>> of_owner;
        for (const QueuedTask* task : tasks)
            of_owner[task->owner ? task->owner->value() : 0].push_back(task);
        // (running, time of creation, owner, position): the smallest is served next.
        using Turn = std::tuple<std::int64_t, std::int64_t, std::int64_t, std::size_t>;
        std::set<Turn> turns;
        for (const auto& [owner, queue] : of_owner)
            turns.emplace(running_of_[UserId{owner}], queue[0]->create_us, owner, 0);
        while (!turns.empty() && anyone_has_room()) {
            const auto [running, created, owner, position] = *turns.begin();
            turns.erase(turns.begin());
            const auto& queue = of_owner[owner];
            const bool placed = place(*queue[position]);
            if (placed) ++running_of_[UserId{owner}];
            if (position + 1 < queue.size())
                turns.emplace(
                    running + (placed ? 1 : 0),
                    queue[position + 1]->create_us,
                    owner,
                    position + 1);
        }
    }

    bool anyone_has_room() const {
        return std::any_of(rooms_.begin(), rooms_.end(), [this](const auto& entry) {
            return has_room(entry.second, 0, rules_);
        });
    }

    bool place(const QueuedTask& task) {
        HostRoom* best = nullptr;
        for (auto& [id, room] : rooms_) {
            if (!takes_tasks(*room.view, now_us_, rules_) || !may_run(*room.view, task)
                || !has_room(room, task.weight, rules_) || refusals_.contains({task.id, id}))
                continue;
            if (best == nullptr || share(room) < share(*best)) best = &room;
        }
        if (best == nullptr) return false;
        best->load += task.weight;
        ++best->tasks;
        plan_.assignments.push_back({task.id, best->view->id});
        return true;
    }

    static double share(const HostRoom& room) { return room.load / room.view->capacity; }

    const QueueView& view_;
    const std::int64_t now_us_;
    const SchedulerRules& rules_;
    std::map<HostId, HostRoom> rooms_;
    std::map<UserId, std::int64_t> running_of_;
    Refusals refusals_;
    Plan plan_;
};

std::set<std::string, std::less<>> words(const std::string& text) {
    std::set<std::string, std::less<>> all;
    for (std::string& word : split_words(text))
        all.insert(std::move(word));
    return all;
}

void read_hosts(Call& call, QueueView& view) {
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
    for (const sql::Row& row :
         call.sql().query("SELECT host_id, channel_id FROM host_channels WHERE active = 1"))
        if (const auto host = by_id.find(HostId{row.integer(0)}); host != by_id.end())
            host->second->channels.insert(ChannelId{row.integer(1)});
}

}  // namespace

Plan plan_assignments(const QueueView& view, std::int64_t now_us, const SchedulerRules& rules) {
    return Planner{view, now_us, rules}.run();
}

std::string explain_waiting(
    const QueueView& view,
    const QueuedTask& task,
    std::int64_t now_us,
    const SchedulerRules& rules) {
    return Planner{view, now_us, rules}.explain(task);
}

QueueView read_queue(Call& call) {
    QueueView view;
    for (const sql::Row& row : call.sql().query(
             "SELECT id, channel_id, arch, method, priority, create_time, owner, weight FROM task"
             " WHERE state = 0 ORDER BY priority, create_time"))
        view.free.push_back(QueuedTask{
            .id = TaskId{row.integer(0)},
            .channel = ChannelId{row.integer(1)},
            .arch = row.text(2),
            .method = row.text(3),
            .priority = row.integer(4),
            .create_us = row.integer(5),
            .owner = find_id<UserId>(row, 6),
            .weight = row.real(7)});
    for (const sql::Row& row : call.sql().query(
             "SELECT id, host_id, state, waiting, weight, owner, changed_time FROM task"
             " WHERE state IN (1, 4) AND host_id IS NOT NULL ORDER BY id"))
        view.held.push_back(HeldTaskView{
            .id = TaskId{row.integer(0)},
            .host = HostId{row.integer(1)},
            .state = static_cast<TaskState>(row.integer(2)),
            .waiting = row.integer(3) != 0,
            .weight = row.real(4),
            .owner = find_id<UserId>(row, 5),
            .since_us = row.integer(6)});
    read_hosts(call, view);
    for (const sql::Row& row : call.sql().query(
             "SELECT r.task_id, r.host_id, r.soft, r.time FROM task_refusals r JOIN task t"
             " ON t.id = r.task_id WHERE t.state = 0"))
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

void Scheduler::release(Call& call, const Release& release) const {
    if (!try_change_state(
            call, {.task = release.task, .from = release.from, .to = TaskState::Free}))
        return;
    if (!release.refuse) return;
    call.sql().execute(
        "DELETE FROM task_refusals WHERE task_id = ? AND host_id = ?",
        bound(release.task, release.host));
    call.sql().insert(
        "INSERT INTO task_refusals (task_id, host_id, by_host, soft, msg, time)"
        " VALUES (?, ?, 0, 1, ?, ?)",
        bound(release.task, release.host, release.reason, call.now_us()));
}

PassReport Scheduler::pass() {
    // Most passes find nothing to do: those must not take the writers' turn.
    Plan plan;
    {
        Call looking{database_, sql::Access::Read, clock_, bells_};
        plan = plan_assignments(read_queue(looking), looking.now_us(), rules_);
    }
    if (plan.assignments.empty() && plan.releases.empty()) return {};

    Call call{database_, sql::Access::Write, clock_, bells_};
    call.set_caller(Caller::service());
    plan = plan_assignments(read_queue(call), call.now_us(), rules_);
    for (const Release& one : plan.releases) {
        release(call, one);
        log_.warning(
            "task.released",
            {{"task", one.task.value()}, {"host", one.host.value()}, {"reason", one.reason}});
    }
    PassReport report{.released = plan.releases.size()};
    for (const Assignment& assignment : plan.assignments)
        if (try_change_state(
                call,
                {.task = assignment.task,
                 .from = TaskState::Free,
                 .to = TaskState::Assigned,
                 .host = assignment.host}))
            ++report.assigned;
    call.commit();
    return report;
}

void Scheduler::run(const std::stop_token& stop) {
    std::uint64_t seen = bells_.work.count();
    while (!stop.stop_requested()) {
        try {
            const PassReport report = pass();
            if (report.assigned > 0)
                log_.debug(
                    "scheduler.pass", {{"assigned", static_cast<std::int64_t>(report.assigned)}});
        } catch (const Error& error) {
            log_.error("scheduler.failed", {{"error", error.describe()}});
        }
        seen = bells_.work.wait(seen, rules_.idle_pass, stop);
    }
}

}  // namespace nacre::hub
