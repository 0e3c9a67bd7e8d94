#include "hub/planner.hpp"

#include "unit/hub/queue_model.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>

namespace nacre::hub {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr std::int64_t kNow = 1'700'000'000'000'000;
constexpr std::int64_t kSecond = 1'000'000;
const SchedulerRules kRules;

HostView host(std::int64_t id, double capacity = 2) {
    return HostView{
        .id = HostId{id},
        .ready = true,
        .capacity = capacity,
        .update_us = kNow,
        .channels = {ChannelId{1}},
        .arches = {"x86_64"},
        .methods = {}};
}

ModelTask queued(std::int64_t id, std::int64_t owner = 1, std::int64_t priority = 20) {
    return {
        .bin =
            {.priority = priority,
             .channel = ChannelId{1},
             .arch = "noarch",
             .method = "buildContainer"},
        .task = {.id = TaskId{id}, .owner = owner, .create_us = kNow - 1000 * kSecond + id}};
}

std::vector<std::int64_t> order(const HostsView& view, const std::vector<ModelTask>& tasks) {
    MemoryFreeTasks queue{tasks};
    std::vector<std::int64_t> ids;
    for (const Assignment& one : plan_assignments(view, queue, kNow, kRules).assignments)
        ids.push_back(one.task.value());
    return ids;
}

TEST(Planner, ServesByPriorityThenByAge) {
    EXPECT_THAT(
        order({.hosts = {host(1, 9)}}, {queued(3), queued(1), queued(2, 1, 10)}),
        ElementsAre(2, 1, 3));
}

TEST(Planner, IsFairToOwnersOfTheSamePriority) {
    const std::vector<ModelTask> tasks{queued(1, 1), queued(2, 1), queued(3, 1), queued(4, 2)};
    EXPECT_THAT(order({.hosts = {host(1, 9)}}, tasks), ElementsAre(1, 4, 2, 3));
    EXPECT_THAT(
        order({.hosts = {host(1, 9)}, .held_by_owner = {{1, 1}}}, tasks), ElementsAre(4, 1, 2, 3));
}

TEST(Planner, GivesATaskOnlyToAHostThatMayRunIt) {
    HostsView view{.hosts = {host(1), host(2), host(3), host(4), host(5)}};
    std::vector<ModelTask> tasks{queued(1)};
    view.hosts[0].channels = {ChannelId{2}};
    view.hosts[1].enabled = false;
    view.hosts[2].update_us = kNow - 181 * kSecond;
    view.hosts[3].methods = {"createContainer"};
    view.hosts[4].ready = false;
    EXPECT_THAT(order(view, tasks), ElementsAre());
    view.hosts[4].ready = true;
    EXPECT_THAT(order(view, tasks), ElementsAre(1));
    tasks[0].bin.arch = "aarch64";
    EXPECT_THAT(order(view, tasks), ElementsAre());
    view.hosts[4].arches.push_back("aarch64");
    EXPECT_THAT(order(view, tasks), ElementsAre(1));
    view.disabled_channels = {ChannelId{1}};
    EXPECT_THAT(order(view, tasks), ElementsAre());
}

TEST(Planner, CountsWhatAHostHolds) {
    HostsView view{.hosts = {host(1, 2)}};
    view.hosts[0].load = 2;
    EXPECT_THAT(order(view, {queued(1)}), ElementsAre());
    // A waiting task is one of the host's tasks and weighs nothing.
    view.hosts[0].load = 0;
    view.hosts[0].tasks = 1;
    EXPECT_THAT(order(view, {queued(1)}), ElementsAre(1));
    view.hosts[0].tasks_max = 1;
    EXPECT_THAT(order(view, {queued(1)}), ElementsAre());
}

TEST(Planner, FreesTheTasksOfADeadHostAndThoseNobodyOpened) {
    HostsView view{.hosts = {host(1), host(2)}};
    view.hosts[0].update_us = kNow - 901 * kSecond;
    const auto held = [](std::int64_t id, std::int64_t on, TaskState state, std::int64_t age) {
        return HeldTaskView{
            .id = TaskId{id}, .host = HostId{on}, .state = state, .since_us = kNow - age * kSecond};
    };
    view.doubtful = {
        held(1, 1, TaskState::Open, 5000),
        held(2, 2, TaskState::Open, 5000),
        held(3, 2, TaskState::Assigned, 301),
        held(4, 2, TaskState::Assigned, 299),
        held(5, 9, TaskState::Open, 1)};
    MemoryFreeTasks queue{{}};
    const Plan plan = plan_assignments(view, queue, kNow, kRules);
    ASSERT_EQ(plan.releases.size(), 3U);
    EXPECT_EQ(plan.releases[0].task.id, TaskId{1});
    EXPECT_FALSE(plan.releases[0].refuse);
    EXPECT_EQ(plan.releases[1].task.id, TaskId{3});
    EXPECT_TRUE(plan.releases[1].refuse);
    EXPECT_EQ(plan.releases[2].task.id, TaskId{5});
}

TEST(Planner, GivesTheRoomOfAReleasedTaskAway) {
    HostsView view{.hosts = {host(1, 2)}};
    view.hosts[0].load = 2;
    view.hosts[0].tasks = 1;
    view.doubtful = {HeldTaskView{
        .id = TaskId{9},
        .host = HostId{1},
        .state = TaskState::Assigned,
        .weight = 2,
        .since_us = kNow - 301 * kSecond}};
    EXPECT_THAT(order(view, {queued(1)}), ElementsAre(1));
}

TEST(Planner, OffersARefusedTaskAgainAfterAWhileUnlessItWasRefusedForGood) {
    HostsView view{.hosts = {host(1, 9)}};
    const std::vector<ModelTask> tasks{queued(1), queued(2), queued(3)};
    view.refusals = {
        {TaskId{1}, HostId{1}, true, kNow - 899 * kSecond},
        {TaskId{2}, HostId{1}, false, kNow - 9000 * kSecond}};
    EXPECT_THAT(order(view, tasks), ElementsAre(3));
    view.refusals[0].time_us = kNow - 901 * kSecond;
    EXPECT_THAT(order(view, tasks), ElementsAre(1, 3));
}

TEST(Planner, ReadsNoMoreOfTheQueueThanItNeeds) {
    std::vector<ModelTask> tasks;
    for (int id = 1; id <= 5000; ++id)
        tasks.push_back(queued(id, id % 10));
    MemoryFreeTasks queue{tasks};
    const HostsView view{.hosts = {host(1, 9), host(2, 9)}};
    EXPECT_EQ(plan_assignments(view, queue, kNow, kRules).assignments.size(), 18U);
    EXPECT_LE(queue.read_count(), 10U + 10U * 16U);
    MemoryFreeTasks again{tasks};
    plan_assignments({.hosts = {host(1, 0)}}, again, kNow, kRules);
    EXPECT_EQ(again.read_count(), 0U);
}

TEST(Planner, EndsAPassAtItsLimitAndSaysSo) {
    MemoryFreeTasks queue{{queued(1), queued(2), queued(3)}};
    const SchedulerRules rules{.assignments_per_pass_max = 2};
    const Plan plan = plan_assignments({.hosts = {host(1, 9)}}, queue, kNow, rules);
    EXPECT_EQ(plan.assignments.size(), 2U);
    EXPECT_TRUE(plan.cut_short);
}

TEST(Planner, ExplainsWhyATaskWaits) {
    HostsView view;
    ModelTask task = queued(7);
    const auto why = [&] { return explain_waiting(view, task.bin, task.task.id, kNow, kRules); };
    EXPECT_EQ(why(), "task 7 waits: its channel has no hosts");
    view.hosts = {host(1)};
    task.bin.arch = "s390x";
    EXPECT_THAT(why(), HasSubstr("none of the 1 hosts"));
    task.bin.arch = "noarch";
    view.hosts[0].ready = false;
    EXPECT_THAT(why(), HasSubstr("disabled, not ready or silent"));
}

HostsView random_hosts(int count) {
    HostsView view;
    for (int i = 1; i <= count; ++i) {
        HostView one = host(i, *rc::gen::inRange(1, 8));
        one.enabled = *rc::gen::inRange(0, 5) > 0;
        one.ready = *rc::gen::inRange(0, 5) > 0;
        one.tasks_max = *rc::gen::inRange(0, 9);
        one.tasks = *rc::gen::inRange(0, 3);
        one.load = *rc::gen::inRange(0, 3);
        if (*rc::gen::arbitrary<bool>()) one.channels.insert(ChannelId{2});
        if (*rc::gen::arbitrary<bool>()) one.arches.emplace_back("aarch64");
        if (*rc::gen::inRange(0, 4) == 0) one.methods = {"createContainer"};
        view.hosts.push_back(one);
    }
    for (int owner = 0; owner < 4; ++owner)
        view.held_by_owner[owner] = *rc::gen::inRange(0, 3);
    if (*rc::gen::inRange(0, 6) == 0) view.disabled_channels = {ChannelId{2}};
    return view;
}

std::vector<ModelTask> random_queue(HostsView& view) {
    std::vector<ModelTask> tasks;
    const int count = *rc::gen::inRange(0, 90);
    for (int i = 1; i <= count; ++i) {
        ModelTask one = queued(i, *rc::gen::inRange(0, 4), *rc::gen::inRange(19, 22));
        one.task.create_us = kNow - *rc::gen::inRange(0, 40);
        one.bin.weight = *rc::gen::element(0.0, 1.0, 1.0, 1.5, 6.0);
        one.bin.channel = ChannelId{*rc::gen::inRange(1, 3)};
        one.bin.arch = *rc::gen::element<std::string>("noarch", "x86_64", "aarch64");
        one.bin.method = *rc::gen::element<std::string>("buildContainer", "createContainer");
        tasks.push_back(one);
        if (!view.hosts.empty() && *rc::gen::inRange(0, 3) == 0)
            view.refusals.push_back(
                {one.task.id,
                 HostId{*rc::gen::inRange(1, static_cast<int>(view.hosts.size()) + 1)},
                 *rc::gen::arbitrary<bool>(),
                 kNow - *rc::gen::inRange<std::int64_t>(0, 2000) * kSecond});
    }
    return tasks;
}

TEST(Planner, AssignsExactlyWhatThePlainModelOfTheRulesAssigns) {
    EXPECT_TRUE(rc::check("same assignments in the same order", [] {
        HostsView view = random_hosts(*rc::gen::inRange(0, 7));
        const std::vector<ModelTask> tasks = random_queue(view);
        MemoryFreeTasks queue{tasks};
        RC_ASSERT(
            plan_assignments(view, queue, kNow, kRules).assignments
            == model_assignments(view, tasks, kNow, kRules));
    }));
}

TEST(Planner, NeverPassesACapacityAndGivesATaskOnce) {
    EXPECT_TRUE(rc::check("capacity and single ownership", [] {
        HostsView view = random_hosts(*rc::gen::inRange(0, 7));
        const std::vector<ModelTask> tasks = random_queue(view);
        MemoryFreeTasks queue{tasks};
        std::set<TaskId> seen;
        std::map<HostId, std::vector<double>> given;
        for (const Assignment& one : plan_assignments(view, queue, kNow, kRules).assignments) {
            RC_ASSERT(seen.insert(one.task).second);
            const auto task = std::ranges::find(
                tasks, one.task, [](const ModelTask& each) { return each.task.id; });
            given[one.host].push_back(task->bin.weight);
        }
        for (const HostView& each : view.hosts) {
            double load = each.load, heaviest = 0;
            for (const double weight : given[each.id]) {
                load += weight;
                heaviest = std::max(heaviest, weight);
            }
            if (given[each.id].empty()) continue;
            RC_ASSERT(each.enabled && each.ready);
            RC_ASSERT(
                each.tasks + static_cast<std::int64_t>(given[each.id].size()) <= *each.tasks_max);
            RC_ASSERT(load < each.capacity + std::max(heaviest, kRules.capacity_overcommit));
        }
    }));
}

}  // namespace
}  // namespace nacre::hub
