#include "hub/scheduler.hpp"

#include "base/thread_group.hpp"
#include "hub/free_tasks.hpp"
#include "unit/hub/hub_fixture.hpp"
#include "unit/hub/queue_model.hpp"

#include <gmock/gmock.h>
#include <rapidcheck.h>

namespace nacre::hub {
namespace {

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

TEST_F(HubTest, CountsWhatHostsHoldAndForgetsTheRefusalsOfEndedTasks) {
    add_builder();
    const TaskId id = submit();
    hub_->scheduler.pass();
    const auto view = [&] {
        return read([&](Call& call) { return read_hosts_view(call, SchedulerRules{}); });
    };
    ASSERT_EQ(view().hosts.size(), 1U);
    EXPECT_EQ(view().hosts[0].tasks, 1);
    EXPECT_EQ(view().hosts[0].load, task(id).weight);
    EXPECT_EQ(view().held_by_owner.size(), 1U);
    EXPECT_TRUE(view().doubtful.empty());
    write_as("b1", [&](Call& call) {
        hub_->host_tasks.refuse(call, id, {.soft = true, .message = "no disk"});
    });
    EXPECT_EQ(view().hosts[0].tasks, 0);
    EXPECT_EQ(view().refusals.size(), 1U);
    write([&](Call& call) { hub_->tasks.cancel(call, id, Recurse::No); });
    EXPECT_TRUE(view().refusals.empty());
}

class StoredQueueTest : public HubTest {
protected:
    /// A queue of any shape, straight into the table.
    std::vector<ModelTask> fill() {
        std::vector<ModelTask> tasks;
        write([&](Call& call) {
            call.sql().execute("DELETE FROM task");
            const int count = *rc::gen::inRange(0, 120);
            for (int i = 1; i <= count; ++i) {
                const ModelTask one{
                    .bin =
                        {.priority = *rc::gen::inRange(19, 21),
                         .channel = ChannelId{*rc::gen::inRange(1, 3)},
                         .arch = *rc::gen::element<std::string>("noarch", "x86_64"),
                         .method = *rc::gen::element<std::string>("buildContainer", "image"),
                         .weight = *rc::gen::element(1.0, 2.5)},
                    .task = {
                        .id = TaskId{i},
                        .owner = *rc::gen::inRange(0, 3),
                        .create_us = *rc::gen::inRange(0, 40)}};
                const bool is_free = *rc::gen::inRange(0, 5) > 0;
                call.sql().execute(
                    "INSERT INTO task (id, state, create_time, channel_id, waiting, awaited, owner,"
                    " queue_owner, method, arch, priority, weight, request, changed_time)"
                    " VALUES (?, ?, ?, ?, 0, 0, ?, ?, ?, ?, ?, ?, '', 0)",
                    {i,
                     std::int64_t{is_free ? 0 : 2},
                     one.task.create_us,
                     one.bin.channel.value(),
                     one.task.owner == 0 ? sql::Value{nullptr} : sql::Value{one.task.owner},
                     one.task.owner,
                     one.bin.method,
                     one.bin.arch,
                     one.bin.priority,
                     one.bin.weight});
                if (is_free) tasks.push_back(one);
            }
        });
        return tasks;
    }
};

TEST_F(StoredQueueTest, AnswersAsAQueueInMemoryDoes) {
    EXPECT_TRUE(rc::check("bins, oldest of owners and what follows", [&] {
        MemoryFreeTasks model{fill()};
        Call call = hub_->begin_as_service(sql::Access::Read);
        StoredFreeTasks stored{call};
        const auto bins = model.bins();
        RC_ASSERT(stored.bins() == bins);
        for (const QueueBin& bin : bins) {
            const auto oldest = model.oldest_of_owners(bin);
            RC_ASSERT(stored.oldest_of_owners(bin) == oldest);
            for (const QueuedTask& task : oldest)
                for (const std::size_t limit : {1U, 3U, 100U})
                    RC_ASSERT(
                        stored.following(bin, task, limit) == model.following(bin, task, limit));
        }
    }));
}

TEST_F(StoredQueueTest, ReadsItsQueueByTheIndexAlone) {
    const bool is_sqlite = database_->dialect() == "sqlite";
    const auto plan = [&](const std::string& statement) {
        const auto transaction = database_->begin(sql::Access::Read);
        // What the planner would choose were the table not empty.
        if (!is_sqlite) transaction->query("SELECT set_config('enable_seqscan', 'off', true)");
        std::string text;
        for (const sql::Row& row :
             transaction->query((is_sqlite ? "EXPLAIN QUERY PLAN " : "EXPLAIN ") + statement))
            text += row.text(row.size() - 1) + "\n";
        return text;
    };
    EXPECT_THAT(
        plan(
            "SELECT id, queue_owner, create_time FROM task WHERE state = 0 AND priority = 20"
            " AND channel_id = 1 AND arch = 'noarch' AND method = 'x' AND weight = 1.0"
            " AND queue_owner = 1 AND (create_time, id) > (5, 6) ORDER BY create_time, id LIMIT 9"),
        testing::AllOf(
            testing::HasSubstr(
                is_sqlite ? "USING COVERING INDEX task_queue" : "Index Only Scan using task_queue"),
            testing::Not(testing::HasSubstr("TEMP B-TREE")),
            testing::Not(testing::HasSubstr("Sort"))));
}

}  // namespace
}  // namespace nacre::hub
