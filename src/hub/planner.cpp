#include "hub/planner.hpp"

#include <algorithm>
#include <deque>
#include <tuple>
#include <utility>

namespace nacre::hub {
namespace {

constexpr std::size_t kFirstPiece = 16;
constexpr std::size_t kPieceMax = 512;

std::int64_t microseconds(std::chrono::nanoseconds span) {
    return std::chrono::duration_cast<std::chrono::microseconds>(span).count();
}

struct HostRoom {
    const HostView* view = nullptr;
    double load = 0;
    std::int64_t tasks = 0;
};

bool is_silent(const HostView& host, std::int64_t now_us, std::chrono::seconds limit) {
    return now_us - host.update_us > microseconds(limit);
}

bool takes_tasks(const HostView& host, std::int64_t now_us, const SchedulerRules& rules) {
    return host.enabled && host.ready && !is_silent(host, now_us, rules.ready_timeout);
}

bool may_run(const HostView& host, const QueueBin& bin) {
    return host.channels.contains(bin.channel)
           && (bin.arch == "noarch"
               || std::ranges::find(host.arches, bin.arch) != host.arches.end())
           && (host.methods.empty() || host.methods.contains(bin.method));
}

/// Koji lets one task go over a host's capacity by so much, so that a heavy one finds a place at all.
bool has_room(const HostRoom& room, double weight, const SchedulerRules& rules) {
    if (room.tasks >= room.view->tasks_max.value_or(rules.tasks_per_host_max)) return false;
    const double left = room.view->capacity - room.load;
    return left > 0 && left > std::max(0.0, weight - rules.capacity_overcommit);
}

double share(const HostRoom& room) {
    return room.load / room.view->capacity;
}

/// The hosts as they fill up during a pass.
class Rooms {
public:
    Rooms(const HostsView& view, std::int64_t now_us, const SchedulerRules& rules)
        : view_{view},
          now_us_{now_us},
          rules_{rules} {
        for (const HostView& host : view.hosts)
            rooms_[host.id] = {.view = &host, .load = host.load, .tasks = host.tasks};
        for (const RefusalView& refusal : view.refusals)
            if (!refusal.soft
                || now_us - refusal.time_us < microseconds(rules.soft_refusal_timeout))
                refusals_.emplace(refusal.task, refusal.host);
    }

    /// nullopt: the task stays where it is.
    std::optional<Release> try_release(const HeldTaskView& task) {
        const auto room = rooms_.find(task.host);
        const bool dead =
            room == rooms_.end() || is_silent(*room->second.view, now_us_, rules_.host_timeout);
        const bool late = task.state == TaskState::Assigned
                          && now_us_ - task.since_us > microseconds(rules_.assign_timeout);
        if (!dead && !late) return std::nullopt;
        if (room != rooms_.end()) {
            --room->second.tasks;
            if (!task.waiting) room->second.load -= task.weight;
        }
        if (task.state == TaskState::Open)
            return Release{.task = task, .refuse = false, .reason = "its host is silent"};
        return Release{.task = task, .refuse = true, .reason = "its host did not open it"};
    }

    /// Hosts that can run the bin's tasks now, with or without room.
    std::vector<HostRoom*> hosts_of(const QueueBin& bin) {
        std::vector<HostRoom*> hosts;
        if (view_.disabled_channels.contains(bin.channel)) return hosts;
        for (auto& [id, room] : rooms_)
            if (takes_tasks(*room.view, now_us_, rules_) && may_run(*room.view, bin))
                hosts.push_back(&room);
        return hosts;
    }

    bool has_refused(TaskId task, const HostRoom& room) const {
        return !refusals_.empty() && refusals_.contains({task, room.view->id});
    }

    std::string explain(const QueueBin& bin, TaskId task) {
        std::size_t in_channel = 0, right = 0;
        for (const auto& [id, room] : rooms_) {
            if (!room.view->channels.contains(bin.channel)) continue;
            ++in_channel;
            if (may_run(*room.view, bin)) ++right;
        }
        const auto waits = [&](const std::string& why) {
            return "task " + task.str() + " waits: " + why;
        };
        if (view_.disabled_channels.contains(bin.channel)) return waits("its channel is disabled");
        if (in_channel == 0) return waits("its channel has no hosts");
        if (right == 0)
            return waits(
                "none of the " + std::to_string(in_channel) + " hosts of its channel runs method '"
                + bin.method + "' for '" + bin.arch + "'");
        const auto ready = hosts_of(bin);
        if (ready.empty())
            return waits(
                "all " + std::to_string(right)
                + " hosts that could run it are disabled, not ready or silent");
        const auto willing = std::ranges::count_if(
            ready, [&](const HostRoom* room) { return !has_refused(task, *room); });
        if (willing == 0) return waits("every host that could run it has refused it");
        return waits(
            "all " + std::to_string(willing)
            + " hosts that could run it are full, or the next pass of the scheduler takes it");
    }

private:
    const HostsView& view_;
    const std::int64_t now_us_;
    const SchedulerRules& rules_;
    std::map<HostId, HostRoom> rooms_;
    std::set<std::pair<TaskId, HostId>> refusals_;
};

struct OpenBin {
    QueueBin bin;
    std::vector<HostRoom*> hosts;
    bool is_full = false;
};

/// The tasks of one owner in one bin, the oldest first, of which the first ones are in memory.
class Line {
public:
    Line(const QueueBin& bin, const QueuedTask& oldest) : bin_{&bin}, tasks_{oldest} {}

    bool empty() const noexcept { return tasks_.empty(); }

    const QueuedTask& front() const { return tasks_.front(); }

    void advance(FreeTasks& source) {
        const QueuedTask last = tasks_.back();
        tasks_.pop_front();
        if (!tasks_.empty() || at_end_) return;
        const auto more = source.following(*bin_, last, piece_);
        at_end_ = more.size() < piece_;
        piece_ = std::min(piece_ * 2, kPieceMax);
        tasks_.assign(more.begin(), more.end());
    }

private:
    const QueueBin* bin_;
    std::deque<QueuedTask> tasks_;
    std::size_t piece_ = kFirstPiece;
    bool at_end_ = false;
};

struct OwnersLine {
    OpenBin* bin;
    Line line;
};

class Planner {
public:
    Planner(
        const HostsView& view, FreeTasks& tasks, std::int64_t now_us, const SchedulerRules& rules)
        : view_{view},
          tasks_{tasks},
          rules_{rules},
          rooms_{view, now_us, rules},
          running_of_{view.held_by_owner} {}

    /// Released tasks wait for the next pass, which a bell starts at once.
    Plan run() {
        for (const HeldTaskView& task : view_.doubtful)
            if (auto release = rooms_.try_release(task)) {
                --running_of_[task.owner];
                plan_.releases.push_back(*std::move(release));
            }
        const std::vector<QueueBin> bins = tasks_.bins();
        for (auto first = bins.begin(); first != bins.end() && !plan_.cut_short;) {
            const auto last = std::find_if(first, bins.end(), [&](const QueueBin& bin) {
                return bin.priority != first->priority;
            });
            serve({first, last});
            first = last;
        }
        return std::move(plan_);
    }

private:
    enum class Outcome : std::uint8_t { Placed, Refused, Full };

    /// (running, time of creation, owner): the smallest is served next.
    using Turn = std::tuple<std::int64_t, std::int64_t, std::int64_t>;

    /// The bins of one priority: the owner with the least running tasks is served next, and of an owner the oldest
    /// task. Hosts only fill up during a pass, so a bin that has found no room once is done with.
    void serve(const std::vector<QueueBin>& bins) {
        std::deque<OpenBin> open;
        std::map<std::int64_t, std::deque<OwnersLine>> lines;
        for (const QueueBin& bin : bins) {
            OpenBin candidate{.bin = bin, .hosts = rooms_.hosts_of(bin)};
            if (!has_any_room(candidate)) continue;
            open.push_back(std::move(candidate));
            for (const QueuedTask& oldest : tasks_.oldest_of_owners(bin))
                lines[oldest.owner].push_back({&open.back(), Line{open.back().bin, oldest}});
        }
        std::set<Turn> turns;
        for (auto& [owner, own] : lines)
            take_turn(turns, owner, own);
        while (!turns.empty()) {
            if (plan_.assignments.size() >= rules_.assignments_per_pass_max) {
                plan_.cut_short = true;
                return;
            }
            const Turn turn = *turns.begin();
            turns.erase(turns.begin());
            const std::int64_t owner = std::get<2>(turn);
            std::deque<OwnersLine>& own = lines[owner];
            // Another owner's task may have filled the bin of this turn.
            OwnersLine* next = oldest_of(own);
            if (next != nullptr && next->line.front().create_us == std::get<1>(turn))
                serve_one(*next, owner);
            take_turn(turns, owner, own);
        }
    }

    void take_turn(std::set<Turn>& turns, std::int64_t owner, std::deque<OwnersLine>& own) {
        if (const OwnersLine* next = oldest_of(own))
            turns.emplace(running_of_[owner], next->line.front().create_us, owner);
    }

    void serve_one(OwnersLine& next, std::int64_t owner) {
        const Outcome outcome = place(*next.bin, next.line.front().id);
        if (outcome == Outcome::Full) {
            next.bin->is_full = true;
            return;
        }
        if (outcome == Outcome::Placed) ++running_of_[owner];
        next.line.advance(tasks_);
    }

    static OwnersLine* oldest_of(std::deque<OwnersLine>& lines) {
        OwnersLine* oldest = nullptr;
        for (OwnersLine& one : lines) {
            if (one.bin->is_full || one.line.empty()) continue;
            const auto age = [](const OwnersLine& line) {
                return std::tuple{line.line.front().create_us, line.line.front().id};
            };
            if (oldest == nullptr || age(one) < age(*oldest)) oldest = &one;
        }
        return oldest;
    }

    bool has_any_room(const OpenBin& bin) const {
        return std::ranges::any_of(bin.hosts, [&](const HostRoom* room) {
            return has_room(*room, bin.bin.weight, rules_);
        });
    }

    Outcome place(const OpenBin& bin, TaskId task) {
        HostRoom* best = nullptr;
        bool refused = false;
        for (HostRoom* room : bin.hosts) {
            if (!has_room(*room, bin.bin.weight, rules_)) continue;
            if (rooms_.has_refused(task, *room)) {
                refused = true;
            } else if (best == nullptr || share(*room) < share(*best)) {
                best = room;
            }
        }
        if (best == nullptr) return refused ? Outcome::Refused : Outcome::Full;
        best->load += bin.bin.weight;
        ++best->tasks;
        plan_.assignments.push_back({task, best->view->id});
        return Outcome::Placed;
    }

    const HostsView& view_;
    FreeTasks& tasks_;
    const SchedulerRules& rules_;
    Rooms rooms_;
    std::map<std::int64_t, std::int64_t> running_of_;
    Plan plan_;
};

}  // namespace

Plan plan_assignments(
    const HostsView& view, FreeTasks& tasks, std::int64_t now_us, const SchedulerRules& rules) {
    return Planner{view, tasks, now_us, rules}.run();
}

std::string explain_waiting(
    const HostsView& view,
    const QueueBin& bin,
    TaskId task,
    std::int64_t now_us,
    const SchedulerRules& rules) {
    return Rooms{view, now_us, rules}.explain(bin, task);
}

}  // namespace nacre::hub
