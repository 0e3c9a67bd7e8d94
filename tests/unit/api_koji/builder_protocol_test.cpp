#include "koji/codec.hpp"
#include "koji/enums.hpp"
#include "unit/api_koji/hub_fixture.hpp"

#include <gtest/gtest.h>

namespace nacre::api::koji {
namespace {

using nacre::koji::Fault;
using nacre::koji::FaultCode;
using nacre::koji::TaskState;

/// What kojid does for one container build, call by call (reference C.4.1).
class BuilderProtocol : public testing::Test {
protected:
    void SetUp() override {
        fixture.set_up_target();
        fixture.call(fixture.root, "addHost", {"builder1", "x86_64"});
        fixture.call(fixture.root, "addHostToChannel", {"builder1", "container"});
        {
            hub::Call call = fixture.hub.begin_as_service(sql::Access::Write);
            const hub::User user = fixture.hub.users.get(call, "builder1");
            fixture.authenticator.set_password(user.name, "builder1");
            call.commit();
        }
        builder = fixture.log_in("builder1");
        fixture.call(builder, "exclusiveSession");
        Struct data;
        data.set("methods", Array{"buildContainer"});
        data.set("maxjobs", 2);
        fixture.call(builder, "host.updateHost", {0.0, true, data});
    }

    std::int64_t submit() {
        Struct options;
        options.set("git_branch", "f40");
        return *fixture
                    .call(
                        fixture.kate,
                        "buildContainer",
                        {"git+https://src.example/container/web#0123", "f40", options})
                    .if_integer();
    }

    Value field(const Value& row, std::string_view name) const {
        const Struct* members = row.if_struct();
        if (members == nullptr || members->find(name) == nullptr) return "no such field";
        return *members->find(name);
    }

    Value state_of(std::int64_t task) {
        return field(fixture.call(fixture.anonymous, "getTaskInfo", {task}), "state");
    }

    HubFixture fixture;
    CallHeaders builder;
};

TEST_F(BuilderProtocol, TakesATaskAndEndsIt) {
    const std::int64_t task = submit();
    fixture.hub.scheduler.pass();
    const Value offered = fixture.call(builder, "host.getTasks");
    ASSERT_EQ(offered.if_array()->size(), 1U);
    EXPECT_EQ(field(offered.if_array()->front(), "method"), Value{"buildContainer"});

    const Value opened = fixture.call(builder, "host.openTask", {task});
    const auto request = nacre::koji::parse_call(*field(opened, "request").if_string());
    EXPECT_EQ(request.params.at(1), Value{"f40"});
    EXPECT_EQ(fixture.call(builder, "host.openTask", {task}), Value{});

    Struct result;
    result.set("repositories", Array{"registry.example/web:1-1"});
    result.set("koji_builds", Array{"7"});
    fixture.call(
        builder, "host.closeTask", {task, nacre::koji::render_response(Array{Value{result}})});
    EXPECT_EQ(state_of(task), Value{static_cast<int>(TaskState::Closed)});
}

TEST_F(BuilderProtocol, GivesTheFaultOfAFailedTask) {
    const std::int64_t task = submit();
    fixture.hub.scheduler.pass();
    fixture.call(builder, "host.openTask", {task});
    fixture.call(
        builder,
        "host.failTask",
        {task, nacre::koji::render_fault(FaultCode::ContainerError, "Image build failed. x")});
    EXPECT_EQ(state_of(task), Value{static_cast<int>(TaskState::Failed)});
    try {
        fixture.call(fixture.anonymous, "getTaskResult", {task});
        FAIL() << "a value";
    } catch (const Fault& fault) {
        EXPECT_EQ(fault.fault_code(), FaultCode::ContainerError);
    }
}

TEST_F(BuilderProtocol, UploadsAndReadsTheLogOfATask) {
    const std::int64_t task = submit();
    fixture.hub.scheduler.pass();
    fixture.call(builder, "host.openTask", {task});
    const hub::UploadTarget log{
        .folder = hub::task_folder(hub::TaskId{task}), .name = "x86_64.log"};
    fixture.dispatcher.upload(builder, log, {.offset = 0}, "line 1\n");
    fixture.dispatcher.upload(builder, log, {.offset = 7}, "line 2\n");
    EXPECT_EQ(
        fixture.call(fixture.anonymous, "listTaskOutput", {task}), (Value{Array{"x86_64.log"}}));
    const Value piece =
        fixture.call(fixture.anonymous, "downloadTaskOutput", {task, "x86_64.log", 7, 100});
    EXPECT_EQ(from_base64(*piece.if_string()), "line 2\n");
    EXPECT_THROW(fixture.dispatcher.upload(fixture.kate, log, {.offset = 14}, "x"), Fault);
    EXPECT_THROW(fixture.dispatcher.upload(fixture.anonymous, log, {.offset = 14}, "x"), Fault);
}

TEST_F(BuilderProtocol, RefusesUsersAndSharedSessions) {
    EXPECT_THROW(fixture.call(fixture.kate, "host.getID"), Fault);
    EXPECT_THROW(fixture.call(fixture.anonymous, "host.getTasks"), Fault);
    fixture.call(builder, "sharedSession");
    EXPECT_THROW(fixture.call(builder, "host.getTasks"), Fault);
}

TEST_F(BuilderProtocol, MakesSubtasksAndWaitsForThem) {
    const std::int64_t parent = submit();
    fixture.hub.scheduler.pass();
    fixture.call(builder, "host.openTask", {parent});
    Struct options;
    options.set("label", "x86_64");
    options.set("__starstar", true);
    const Value child =
        fixture.call(builder, "host.subtask", {"createContainer", Array{1}, parent, options});
    fixture.call(builder, "host.taskSetWait", {parent, Array{child}});
    const Value status = fixture.call(builder, "host.taskWait", {parent});
    EXPECT_EQ(status, (Value{Array{Value{Array{}}, Value{Array{child}}}}));
    const Value children = fixture.call(fixture.anonymous, "getTaskChildren", {parent});
    EXPECT_EQ(field(children.if_array()->front(), "label"), Value{"x86_64"});
}

}  // namespace
}  // namespace nacre::api::koji
