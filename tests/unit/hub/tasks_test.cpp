#include "sql/faulty_database.hpp"
#include "unit/hub/hub_fixture.hpp"

#include <gmock/gmock.h>

namespace nacre::hub {
namespace {

using testing::ElementsAre;

/// A task that was brought to `state` by the calls that bring it there.
class TaskStates : public HubTest {
protected:
    TaskStates() { add_builder(); }

    TaskId task_in(TaskState state) {
        const TaskId id = submit();
        if (state == TaskState::Free) return id;
        if (state == TaskState::Canceled) {
            write_as("alice", [&](Call& call) { hub_->tasks.cancel(call, id); });
            return id;
        }
        write_as(
            "admin", [&](Call& call) { hub_->tasks.assign(call, id, std::string{"b1"}, false); });
        if (state == TaskState::Assigned) return id;
        write_as("b1", [&](Call& call) { ASSERT_TRUE(hub_->host_tasks.open(call, id)); });
        if (state == TaskState::Closed)
            write_as(
                "b1", [&](Call& call) { hub_->host_tasks.close(call, id, encode_result("done")); });
        if (state == TaskState::Failed)
            write_as("b1", [&](Call& call) {
                hub_->host_tasks.fail(call, id, encode_fault(2001, "broken"));
            });
        return id;
    }
};

TEST_F(TaskStates, ChangeAsTheTableSaysAndInNoOtherWay) {
    for (const TaskState from : kTaskStates)
        for (const TaskState to : kTaskStates) {
            const TaskId id = task_in(from);
            ASSERT_EQ(task(id).state, from);
            write([&](Call& call) {
                const TaskStateChange change{
                    .task = id,
                    .from = from,
                    .to = to,
                    .host = to == TaskState::Assigned || to == TaskState::Open
                                ? std::optional{hub_->hosts.get(call, std::string{"b1"}).id}
                                : std::nullopt};
                if (can_change(from, to)) {
                    EXPECT_TRUE(try_change_state(call, change));
                } else {
                    EXPECT_THROW(try_change_state(call, change), Error);
                }
            });
            EXPECT_EQ(task(id).state, can_change(from, to) ? to : from)
                << to_string(from) << " to " << to_string(to);
        }
}

TEST_F(TaskStates, AreGuardedByTheStateTheyHad) {
    const TaskId id = task_in(TaskState::Open);
    write([&](Call& call) {
        EXPECT_FALSE(try_change_state(
            call, {.task = id, .from = TaskState::Assigned, .to = TaskState::Canceled}));
    });
    EXPECT_EQ(task(id).state, TaskState::Open);
}

TEST_F(TaskStates, GiveTheirResultOnlyWhenTheyAreClosed) {
    const auto result = [&](TaskState state) {
        const TaskId id = task_in(state);
        std::string text;
        const std::string fault = refusal("alice", [&](Call& call) {
            const koji::Value value = hub_->tasks.result(call, id);
            text = *value.if_string();
        });
        return text.empty() ? replace_all(fault, "Task " + id.str(), "Task N") : text;
    };
    EXPECT_EQ(result(TaskState::Closed), "done");
    EXPECT_EQ(result(TaskState::Failed), "2001 broken");
    EXPECT_EQ(result(TaskState::Canceled), "1000 Task N is canceled");
    EXPECT_EQ(result(TaskState::Open), "1000 Task N is not finished");
}

TEST_F(TaskStates, BelongToTheirOwnerAndToAdmins) {
    const TaskId id = task_in(TaskState::Open);
    EXPECT_EQ(
        refusal("bob", [&](Call& call) { hub_->tasks.cancel(call, id); }),
        "1004 Cannot cancel task, not owner");
    EXPECT_EQ(
        refusal("bob", [&](Call& call) { hub_->tasks.free(call, id); }),
        "1004 admin permission required");
    write_as("admin", [&](Call& call) { hub_->tasks.cancel(call, id); });
    EXPECT_EQ(task(id).state, TaskState::Canceled);
}

TEST_F(TaskStates, AreCanceledWithAllThatIsBelow) {
    const TaskId parent = task_in(TaskState::Open);
    TaskId child;
    write_as("b1", [&](Call& call) {
        child = hub_->host_tasks.subtask(
            call, {.method = "createContainer", .parent = parent, .label = "x86_64"});
    });
    EXPECT_EQ(task(child).priority, kDefaultPriority - 1);
    EXPECT_EQ(task(child).owner_name, "alice");
    EXPECT_EQ(task(child).channel, task(parent).channel);
    write_as("alice", [&](Call& call) { hub_->tasks.cancel_full(call, parent); });
    EXPECT_EQ(task(parent).state, TaskState::Canceled);
    EXPECT_EQ(task(child).state, TaskState::Canceled);
}

TEST_F(TaskStates, KeepAParentAsleepUntilAChildIsDone) {
    const TaskId parent = task_in(TaskState::Open);
    TaskId child;
    write_as("b1", [&](Call& call) {
        child = hub_->host_tasks.subtask(call, {.method = "createContainer", .parent = parent});
        hub_->host_tasks.set_wait(call, parent, {child});
    });
    write_as("b1", [&](Call& call) {
        ASSERT_EQ(hub_->host_tasks.held(call).size(), 1U);
        EXPECT_TRUE(hub_->host_tasks.held(call)[0].waiting);
        EXPECT_FALSE(hub_->host_tasks.held(call)[0].alert);
        EXPECT_EQ(hub_->host_tasks.wait(call, parent).unfinished, std::vector{child});
    });
    write_as("admin", [&](Call& call) { hub_->tasks.cancel(call, child); });
    write_as("b1", [&](Call& call) {
        EXPECT_TRUE(hub_->host_tasks.held(call)[0].alert);
        EXPECT_EQ(hub_->host_tasks.wait(call, parent).finished, std::vector{child});
        EXPECT_FALSE(hub_->host_tasks.held(call)[0].waiting);
    });
}

TEST_F(TaskStates, AreTheHostsOnlyThatHasThem) {
    add_builder("b2");
    const TaskId id = task_in(TaskState::Assigned);
    write_as("b2", [&](Call& call) { EXPECT_FALSE(hub_->host_tasks.open(call, id)); });
    write_as("b1", [&](Call& call) { EXPECT_TRUE(hub_->host_tasks.open(call, id)); });
    const auto close = [&](Call& call) {
        hub_->host_tasks.close(call, id, encode_result(nullptr));
    };
    EXPECT_EQ(refusal("b2", close), "1004 host 2 does not own task " + id.str());
    EXPECT_EQ(
        refusal("b1", [&](Call& call) { hub_->host_tasks.close(call, id, "<methodResponse>"); })
            .substr(0, 26),
        "1000 Invalid task result: ");
    EXPECT_EQ(
        refusal("alice", close), "1002 User " + caller("alice").user->str() + " is not a host");
    write_as("b1", close);
    EXPECT_EQ(refusal("b1", close).substr(0, 9), "1004 task");
}

TEST_F(TaskStates, GoBackWhenTheirHostRefusesThem) {
    const TaskId id = task_in(TaskState::Assigned);
    write_as("b1", [&](Call& call) {
        hub_->host_tasks.refuse(call, id, {.soft = false, .message = "no handler"});
    });
    EXPECT_EQ(task(id).state, TaskState::Free);
    EXPECT_EQ(hub_->scheduler.pass().assigned, 0U);
}

TEST_F(TaskStates, AreResubmittedAsTheyWere) {
    const TaskId id = task_in(TaskState::Failed);
    TaskId again;
    write_as("alice", [&](Call& call) { again = hub_->tasks.resubmit(call, id); });
    EXPECT_EQ(task(again).state, TaskState::Free);
    EXPECT_EQ(task(again).request, task(id).request);
    EXPECT_EQ(
        refusal("alice", [&](Call& call) { hub_->tasks.resubmit(call, again); }).substr(0, 42),
        "1000 Can only resubmit failed/canceled tas");
}

TEST_F(TaskStates, CloseWholeOrNotAtAllWhateverCallFails) {
    for (std::int64_t number = 1;; ++number) {
        const TaskId id = task_in(TaskState::Open);
        sql::FaultyDatabase faulty{*database_};
        faulty.fail_call(number);
        bool closed = true;
        try {
            Call call{faulty, sql::Access::Write, clock_, hub_->bells};
            call.set_caller(caller("b1"));
            hub_->host_tasks.close(call, id, encode_result("done"));
            call.commit();
        } catch (const Error& error) {
            EXPECT_EQ(error.code(), ErrorCode::Unavailable) << error.describe();
            closed = false;
        }
        EXPECT_EQ(task(id).state, closed ? TaskState::Closed : TaskState::Open) << number;
        EXPECT_EQ(task(id).result.has_value(), closed);
        if (closed) break;
        ASSERT_LT(number, 100);
    }
}

TEST_F(HubTest, SendsContainerBuildsToTheirChannelAndPriority) {
    const Task built = task(submit());
    EXPECT_EQ(built.method, "buildContainer");
    EXPECT_EQ(built.arch, "noarch");
    EXPECT_EQ(built.priority, 20);
    EXPECT_DOUBLE_EQ(built.weight, 2.0);
    EXPECT_EQ(built.owner_name, "alice");
    const koji::Array request = decode_request(built.request);
    ASSERT_EQ(request.size(), 3U);
    EXPECT_EQ(*request[1].if_string(), "f40");
    read([&](Call& call) {
        EXPECT_EQ(hub_->channels.get(call, built.channel->value()).name, "container");
        return 0;
    });
    EXPECT_EQ(
        refusal(
            "alice",
            [&](Call& call) { hub_->tasks.create_container_build(call, "s", "t", {}, -1); }),
        "1004 only admins may create high-priority tasks");
    EXPECT_EQ(
        refusal(
            "", [&](Call& call) { hub_->tasks.create_container_build(call, "s", "t", {}, {}); }),
        "1004 you must be logged in for this operation");
    EXPECT_EQ(
        refusal(
            "alice",
            [&](Call& call) {
                hub_->tasks.create_container_build(call, "s", "t", {}, {}, "nowhere");
            }),
        "1000 No such channel: nowhere");
}

TEST_F(HubTest, AsksThePoliciesForChannelAndPriority) {
    hub_ = make_hub(
        *database_,
        "[policy]\n"
        "channel =\n  target rhel* :: use image\n  all :: use default\n"
        "priority =\n  bool scratch :: adjust +5\n  user bob :: set 50\n  all :: stay\n");
    koji::Struct scratch;
    scratch.set("scratch", true);
    TaskId first, second;
    write_as("alice", [&](Call& call) {
        first = hub_->tasks.create_container_build(call, "s", "rhel9", scratch, {});
    });
    write_as("bob", [&](Call& call) {
        second = hub_->tasks.create_container_build(call, "s", "f40", {}, {});
    });
    EXPECT_EQ(task(first).priority, 25);
    EXPECT_EQ(task(second).priority, 50);
    read([&](Call& call) {
        EXPECT_EQ(hub_->channels.get(call, task(first).channel->value()).name, "image");
        EXPECT_EQ(hub_->channels.get(call, task(second).channel->value()).name, "default");
        return 0;
    });
}

TEST_F(HubTest, ListsTasksByWhatIsAskedFor) {
    const TaskId first = submit("alice");
    clock_.advance(std::chrono::seconds{10});
    const TaskId second = submit("bob");
    write_as("bob", [&](Call& call) { hub_->tasks.cancel(call, second); });
    const auto ids = [&](const TaskFilter& filter, const QueryOptions& options = {}) {
        return read([&](Call& call) {
            std::vector<TaskId> found;
            for (const Task& one : hub_->tasks.list(call, filter, options))
                found.push_back(one.id);
            EXPECT_EQ(
                options.limit ? found.size()
                              : static_cast<std::size_t>(hub_->tasks.count(call, filter)),
                found.size());
            return found;
        });
    };
    EXPECT_THAT(ids({}), ElementsAre(first, second));
    EXPECT_THAT(ids({}, {.order = "-id", .limit = 1}), ElementsAre(second));
    EXPECT_THAT(ids({.states = {TaskState::Free, TaskState::Open}}), ElementsAre(first));
    EXPECT_THAT(ids({.owners = {*caller("bob").user}}), ElementsAre(second));
    EXPECT_THAT(ids({.created_after = 1'700'000'005.0}), ElementsAre(second));
    EXPECT_THAT(ids({.methods = {"tagBuild"}}), ElementsAre());
    EXPECT_EQ(
        refusal("bob", [&](Call& call) { hub_->tasks.list(call, {}, {.order = "request"}); }),
        "1000 Invalid order: request");
}

}  // namespace
}  // namespace nacre::hub
