#pragma once

#include "api/koji/dispatcher.hpp"
#include "auth/static_authenticator.hpp"
#include "hub/schema.hpp"
#include "support/temp_dir.hpp"
#include "support/test_database.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <string>

namespace nacre::api::koji {

/// A whole hub over a database in memory, with an admin and a user, whose passwords are their names.
class HubFixture {
public:
    HubFixture() {
        hub::Call call = hub.begin_as_service(sql::Access::Write);
        for (const std::string name : {"root", "kate"}) {
            hub.users.create(call, {.name = name});
            authenticator.set_password(name, name);
        }
        hub.users.grant(call, "root", "admin");
        call.commit();
        root = log_in("root");
        kate = log_in("kate");
    }

    CallHeaders log_in(const std::string& name) {
        const Value answer = dispatcher.call({.peer = "10.0.0.1"}, "login", Array{name, name});
        const Struct& row = *answer.if_struct();
        return {
            .session =
                hub::PresentedSession{
                    .id = hub::SessionId{*row.find("session-id")->if_integer()},
                    .key = *row.find("session-key")->if_string(),
                    .callnum = std::nullopt},
            .peer = "10.0.0.1",
            .client = std::nullopt};
    }

    Value call(const CallHeaders& headers, std::string_view method, Array params = {}) {
        return dispatcher.call(headers, method, std::move(params));
    }

    /// A target whose destination tag lists package "web", and a builder of its channel, logged in.
    void set_up_target() {
        call(root, "createTag", {"f40-build", nullptr, "x86_64"});
        call(root, "createTag", {"f40"});
        call(root, "createBuildTarget", {"f40", "f40-build", "f40"});
        call(root, "packageListAdd", {"f40", "web", "kate"});
    }

    test::TempDir top;
    ManualClock clock{from_unix_seconds(1'700'000'000)};
    SeededRandom random{42};
    MemoryLogSink log;
    std::shared_ptr<sql::Database> database = test::make_database("hub", hub::migrate);
    hub::Hub hub{
        {.database = *database, .clock = clock, .random = random, .log = Log{log}, .policies = {}},
        {.top = top.path(),
         .verified_logins = {
             .certificate_proxies = {"CN=web"}, .principal_proxies = {}, .realms = {"R"}}}};
    auth::StaticAuthenticator authenticator;
    Dispatcher dispatcher{hub, authenticator};
    CallHeaders anonymous{.session = std::nullopt, .peer = "10.0.0.1", .client = std::nullopt};
    CallHeaders root;
    CallHeaders kate;
};

}  // namespace nacre::api::koji
