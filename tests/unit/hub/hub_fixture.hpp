#pragma once

#include "base/error.hpp"
#include "base/text.hpp"
#include "hub/hub.hpp"
#include "hub/schema.hpp"
#include "koji/fault.hpp"
#include "support/temp_dir.hpp"
#include "support/test_database.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>

namespace nacre::hub {

/// A hub over an empty database, with the users admin, alice and bob.
class HubTest : public testing::Test {
protected:
    HubTest() {
        hub_ = make_hub(*database_);
        write([&](Call& call) {
            for (const char* name : {"admin", "alice", "bob"})
                hub_->users.insert(call, NewUser{.name = name});
            hub_->users.grant(call, std::string{"admin"}, std::string{"admin"});
        });
    }

    std::unique_ptr<Hub> make_hub(sql::Database& database, const std::string& policy = {}) {
        return std::make_unique<Hub>(
            Hub::Parts{
                database,
                clock_,
                random_,
                Log{log_},
                policy.empty() ? Policies{} : Policies::from_text(policy, "hub.conf")},
            HubConfig{.top = folder_.path(), .sessions = {}, .scheduler = {}});
    }

    /// One call of the service, committed.
    void write(const std::function<void(Call&)>& body) {
        Call call = hub_->begin_as_service(sql::Access::Write);
        body(call);
        call.commit();
    }

    Caller caller(const std::string& name) {
        Call call = hub_->begin_as_service(sql::Access::Read);
        const User user = hub_->users.get(call, name);
        return Caller{.user = user.id, .name = user.name, .type = user.type, .exclusive = true};
    }

    /// One call of a user, committed.
    void write_as(const std::string& name, const std::function<void(Call&)>& body) {
        Call call = hub_->begin(sql::Access::Write);
        call.set_caller(caller(name));
        body(call);
        call.commit();
    }

    template <class Body>
    auto read(Body&& body) {
        Call call = hub_->begin_as_service(sql::Access::Read);
        return body(call);
    }

    /// What a call of `name` is refused with: "1004 admin permission required".
    std::string refusal(const std::string& name, const std::function<void(Call&)>& body) {
        Call call = hub_->begin(sql::Access::Write);
        if (!name.empty()) call.set_caller(caller(name));
        try {
            body(call);
        } catch (const koji::Fault& fault) {
            return std::to_string(static_cast<int>(fault.fault_code())) + " " + fault.what();
        }
        return "no fault";
    }

    /// A host user "b1" that runs everything in channel container, ready.
    void add_builder(const std::string& name = "b1") {
        write([&](Call& call) {
            hub_->hosts.add(call, name, {"x86_64"});
            hub_->hosts.add_to_channel(call, name, "container", IfMissing::Refuse);
        });
        write_as(
            name, [&](Call& call) { hub_->host_tasks.update(call, HostReport{.ready = true}); });
    }

    TaskId submit(const std::string& name = "alice") {
        TaskId task;
        write_as(name, [&](Call& call) {
            task = hub_->tasks.create_container_build(call, "git://x#1", "f40", {}, {});
        });
        return task;
    }

    Task task(TaskId id) {
        return read([&](Call& call) { return hub_->tasks.get(call, id); });
    }

    const test::TempDir folder_;
    std::shared_ptr<sql::Database> database_ = test::make_database("hub", migrate);
    ManualClock clock_{from_unix_seconds(1'700'000'000)};
    SeededRandom random_{1};
    MemoryLogSink log_;
    std::unique_ptr<Hub> hub_;
};

}  // namespace nacre::hub
