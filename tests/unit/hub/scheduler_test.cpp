#include "base/thread_group.hpp"
#include "unit/hub/hub_fixture.hpp"

#include <gmock/gmock.h>
#include <rapidcheck.h>

#include <map>

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

QueuedTask queued(std::int64_t id, std::int64_t owner = 1, std::int64_t priority = 20) {
    return QueuedTask{
        .id = TaskId{id},
        .channel = ChannelId{1},
        .arch = "noarch",
        .method = "buildContainer",
        .priority = priority,
        .create_us = kNow - 1000 * kSecond + id,
        .owner = UserId{owner}};
}

std::vector<std::int64_t> order(const QueueView& view) {
    std::vector<std::int64_t> ids;
    for (const Assignment& one : plan_assignments(view, kNow, kRules).assignments)
        ids.push_back(one.task.value());
    return ids;
}

TEST(Scheduler, ServesByPriorityThenByAge) {
    EXPECT_THAT(
        order({.free = {queued(3), queued(1), queued(2, 1, 10)}, .hosts = {host(1, 9)}}),
        ElementsAre(2, 1, 3));
}

TEST(Scheduler, IsFairToOwnersOfTheSamePriority) {
    EXPECT_THAT(
        order(
            {.free = {queued(1, 1), queued(2, 1), queued(3, 1), queued(4, 2)},
             .hosts = {host(1, 9)}}),
        ElementsAre(1, 4, 2, 3));
}

TEST(Scheduler, GivesATaskOnlyToAHostThatMayRunIt) {
    QueueView view{.free = {queued(1)}, .hosts = {host(1), host(2), host(3), host(4), host(5)}};
    view.hosts[0].channels = {ChannelId{2}};
    view.hosts[1].enabled = false;
    view.hosts[2].update_us = kNow - 181 * kSecond;
    view.hosts[3].methods = {"createContainer"};
    view.hosts[4].ready = false;
    EXPECT_THAT(order(view), ElementsAre());
    view.hosts[4].ready = true;
    EXPECT_THAT(order(view), ElementsAre(1));
    view.free[0].arch = "aarch64";
    EXPECT_THAT(order(view), ElementsAre());
    view.hosts[4].arches.push_back("aarch64");
    EXPECT_THAT(order(view), ElementsAre(1));
    view.disabled_channels = {ChannelId{1}};
    EXPECT_THAT(order(view), ElementsAre());
}

TEST(Scheduler, CountsNoWeightOfAWaitingParent) {
    QueueView view{.free = {queued(1)}, .hosts = {host(1, 2)}};
    view.held = {HeldTaskView{.id = TaskId{9}, .host = HostId{1}, .weight = 2, .since_us = kNow}};
    EXPECT_THAT(order(view), ElementsAre());
    view.held[0].waiting = true;
    EXPECT_THAT(order(view), ElementsAre(1));
}

TEST(Scheduler, FreesTheTasksOfADeadHostAndThoseNobodyOpened) {
    QueueView view{.hosts = {host(1), host(2)}};
    view.hosts[0].update_us = kNow - 901 * kSecond;
    const auto held = [](std::int64_t id, std::int64_t on, TaskState state, std::int64_t age) {
        return HeldTaskView{
            .id = TaskId{id}, .host = HostId{on}, .state = state, .since_us = kNow - age * kSecond};
    };
    view.held = {
        held(1, 1, TaskState::Open, 5000),
        held(2, 2, TaskState::Open, 5000),
        held(3, 2, TaskState::Assigned, 301),
        held(4, 2, TaskState::Assigned, 299)};
    const Plan plan = plan_assignments(view, kNow, kRules);
    ASSERT_EQ(plan.releases.size(), 2U);
    EXPECT_EQ(plan.releases[0].task, TaskId{1});
    EXPECT_FALSE(plan.releases[0].refuse);
    EXPECT_EQ(plan.releases[1].task, TaskId{3});
    EXPECT_TRUE(plan.releases[1].refuse);
}

TEST(Scheduler, OffersARefusedTaskAgainAfterAWhileUnlessItWasRefusedForGood) {
    QueueView view{.free = {queued(1), queued(2)}, .hosts = {host(1, 9)}};
    view.refusals = {
        {TaskId{1}, HostId{1}, true, kNow - 899 * kSecond},
        {TaskId{2}, HostId{1}, false, kNow - 9000 * kSecond}};
    EXPECT_THAT(order(view), ElementsAre());
    view.refusals[0].time_us = kNow - 901 * kSecond;
    EXPECT_THAT(order(view), ElementsAre(1));
}

TEST(Scheduler, ExplainsWhyATaskWaits) {
    QueueView view{.free = {queued(7)}};
    const auto why = [&] { return explain_waiting(view, view.free[0], kNow, kRules); };
    EXPECT_EQ(why(), "task 7 waits: its channel has no hosts");
    view.hosts = {host(1)};
    view.free[0].arch = "s390x";
    EXPECT_THAT(why(), HasSubstr("none of the 1 hosts"));
    view.free[0].arch = "noarch";
    view.hosts[0].ready = false;
    EXPECT_THAT(why(), HasSubstr("disabled, not ready or silent"));
}

QueueView random_view() {
    QueueView view;
    const int hosts = *rc::gen::inRange(0, 6);
    for (int i = 1; i <= hosts; ++i) {
        HostView one = host(i, *rc::gen::inRange(1, 8));
        one.enabled = *rc::gen::arbitrary<bool>();
        one.ready = *rc::gen::arbitrary<bool>();
        one.tasks_max = *rc::gen::inRange(0, 5);
        view.hosts.push_back(one);
    }
    const int tasks = *rc::gen::inRange(0, 40);
    for (int i = 1; i <= tasks; ++i) {
        QueuedTask one = queued(i, *rc::gen::inRange(1, 4), *rc::gen::inRange(18, 22));
        one.weight = *rc::gen::inRange(0, 6);
        if (hosts > 0 && *rc::gen::inRange(0, 4) == 0) {
            view.held.push_back(HeldTaskView{
                .id = one.id,
                .host = HostId{*rc::gen::inRange(1, hosts + 1)},
                .waiting = *rc::gen::arbitrary<bool>(),
                .weight = one.weight,
                .owner = one.owner,
                .since_us = kNow});
        } else {
            view.free.push_back(one);
        }
    }
    return view;
}

TEST(Scheduler, NeverPassesACapacityAndGivesATaskOnce) {
    EXPECT_TRUE(rc::check("capacity and single ownership", [] {
        const QueueView view = random_view();
        const Plan plan = plan_assignments(view, kNow, kRules);
        std::set<TaskId> seen;
        for (const Assignment& one : plan.assignments)
            RC_ASSERT(seen.insert(one.task).second);
        for (const HostView& each : view.hosts) {
            std::int64_t count = 0;
            double load = 0, heaviest = 0;
            for (const HeldTaskView& held : view.held)
                if (held.host == each.id) {
                    ++count;
                    load += held.waiting ? 0 : held.weight;
                }
            const double before = load;
            std::int64_t given = 0;
            for (const Assignment& one : plan.assignments)
                if (one.host == each.id) {
                    ++given;
                    const auto task = std::find_if(
                        view.free.begin(), view.free.end(), [&](const QueuedTask& free) {
                            return free.id == one.task;
                        });
                    load += task->weight;
                    heaviest = std::max(heaviest, task->weight);
                }
            if (given == 0) continue;
            RC_ASSERT(each.enabled && each.ready);
            RC_ASSERT(count + given <= *each.tasks_max);
            RC_ASSERT(before < each.capacity);
            RC_ASSERT(load < each.capacity + std::max(heaviest, kRules.capacity_overcommit));
        }
    }));
}

TEST_F(HubTest, AssignsASubmittedTaskToAReadyHost) {
    add_builder();
    const TaskId id = submit();
    EXPECT_EQ(hub_->scheduler.pass().assigned, 1U);
    EXPECT_EQ(hub_->scheduler.pass().assigned, 0U);
    EXPECT_EQ(task(id).state, TaskState::Assigned);
    write_as("b1", [&](Call& call) {
        ASSERT_EQ(hub_->host_tasks.assigned(call).size(), 1U);
        EXPECT_TRUE(hub_->host_tasks.open(call, id));
        EXPECT_FALSE(hub_->host_tasks.open(call, id));
    });
    clock_.advance(std::chrono::seconds{901});
    EXPECT_EQ(hub_->scheduler.pass().released, 1U);
    EXPECT_EQ(task(id).state, TaskState::Free);
}

TEST_F(HubTest, WakesItsSchedulerForASubmittedTask) {
    add_builder();
    ThreadGroup threads;
    threads.start("scheduler", [&](const std::stop_token& stop) { hub_->scheduler.run(stop); });
    std::uint64_t seen = hub_->bells.tasks.count();
    const TaskId id = submit();
    while (task(id).state == TaskState::Free) {
        const std::uint64_t now = hub_->bells.tasks.wait(seen, std::chrono::seconds{5}, {});
        ASSERT_NE(now, seen) << "no pass within 5 s";
        seen = now;
    }
    EXPECT_EQ(task(id).state, TaskState::Assigned);
}

}  // namespace
}  // namespace nacre::hub
