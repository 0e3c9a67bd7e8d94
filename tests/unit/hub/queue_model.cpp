#include "unit/hub/queue_model.hpp"

#include <algorithm>
#include <tuple>

namespace nacre::hub {
namespace {

bool is_older(const QueuedTask& a, const QueuedTask& b) {
    return std::tie(a.create_us, a.id) < std::tie(b.create_us, b.id);
}

bool may_have(
    const HostsView& view,
    const HostView& host,
    const ModelTask& task,
    std::int64_t now_us,
    const SchedulerRules& rules) {
    const auto is_recent = [now_us](std::int64_t time_us, std::chrono::seconds limit) {
        return now_us - time_us < std::chrono::microseconds{limit}.count();
    };
    for (const RefusalView& refusal : view.refusals)
        if (refusal.task == task.task.id && refusal.host == host.id
            && (!refusal.soft || is_recent(refusal.time_us, rules.soft_refusal_timeout)))
            return false;
    const double left = host.capacity - host.load;
    return host.enabled && host.ready && !view.disabled_channels.contains(task.bin.channel)
           && now_us - host.update_us <= std::chrono::microseconds{rules.ready_timeout}.count()
           && host.channels.contains(task.bin.channel)
           && (task.bin.arch == "noarch"
               || std::ranges::find(host.arches, task.bin.arch) != host.arches.end())
           && (host.methods.empty() || host.methods.contains(task.bin.method))
           && host.tasks < host.tasks_max.value_or(rules.tasks_per_host_max) && left > 0
           && left > task.bin.weight - rules.capacity_overcommit;
}

}  // namespace

std::vector<QueueBin> MemoryFreeTasks::bins() {
    std::set<QueueBin> bins;
    for (const ModelTask& one : tasks_)
        bins.insert(one.bin);
    return {bins.begin(), bins.end()};
}

std::vector<QueuedTask> MemoryFreeTasks::oldest_of_owners(const QueueBin& bin) {
    std::map<std::int64_t, QueuedTask> oldest;
    for (const ModelTask& one : tasks_)
        if (one.bin == bin) {
            const auto [known, added] = oldest.emplace(one.task.owner, one.task);
            if (!added && is_older(one.task, known->second)) known->second = one.task;
        }
    std::vector<QueuedTask> tasks;
    for (const auto& [owner, task] : oldest)
        tasks.push_back(task);
    read_ += tasks.size();
    return tasks;
}

std::vector<QueuedTask> MemoryFreeTasks::following(
    const QueueBin& bin, const QueuedTask& task, std::size_t limit) {
    std::vector<QueuedTask> tasks;
    for (const ModelTask& one : tasks_)
        if (one.bin == bin && one.task.owner == task.owner && is_older(task, one.task))
            tasks.push_back(one.task);
    std::ranges::sort(tasks, is_older);
    if (tasks.size() > limit) tasks.resize(limit);
    read_ += tasks.size();
    return tasks;
}

std::vector<Assignment> model_assignments(
    const HostsView& view,
    std::vector<ModelTask> tasks,
    std::int64_t now_us,
    const SchedulerRules& rules) {
    HostsView state = view;
    std::ranges::sort(tasks, [](const ModelTask& a, const ModelTask& b) {
        if (a.bin.priority != b.bin.priority) return a.bin.priority < b.bin.priority;
        return is_older(a.task, b.task);
    });
    std::vector<Assignment> assignments;
    while (!tasks.empty()) {
        // Within the first priority: the owner with the least running, then the age of its oldest task.
        auto next = tasks.begin();
        const auto turn = [&](const ModelTask& one) {
            return std::tuple{
                state.held_by_owner[one.task.owner], one.task.create_us, one.task.owner};
        };
        std::set<std::int64_t> seen{next->task.owner};
        for (auto one = tasks.begin(); one != tasks.end(); ++one) {
            if (one->bin.priority != tasks.front().bin.priority) break;
            if (seen.insert(one->task.owner).second && turn(*one) < turn(*next)) next = one;
        }
        HostView* best = nullptr;
        for (HostView& host : state.hosts)
            if (may_have(state, host, *next, now_us, rules)
                && (best == nullptr || host.load / host.capacity < best->load / best->capacity))
                best = &host;
        if (best != nullptr) {
            best->load += next->bin.weight;
            ++best->tasks;
            ++state.held_by_owner[next->task.owner];
            assignments.push_back({next->task.id, best->id});
        }
        tasks.erase(next);
    }
    return assignments;
}

}  // namespace nacre::hub
