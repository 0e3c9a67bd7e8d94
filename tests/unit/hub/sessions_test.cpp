#include "unit/hub/hub_fixture.hpp"

namespace nacre::hub {
namespace {

constexpr const char* kAddress = "192.0.2.1";

class SessionsTest : public HubTest {
protected:
    SessionCredentials login(const std::string& name, const LoginOptions& options = {}) {
        Call call = hub_->begin(sql::Access::Write);
        const auto credentials = hub_->sessions.login(call, name, kAddress, options);
        call.commit();
        return credentials;
    }

    std::string present(
        const SessionCredentials& session,
        std::optional<std::int64_t> callnum,
        const std::string& method,
        const std::function<void(Call&)>& body = {},
        const std::string& address = kAddress) {
        Call call = hub_->begin(sql::Access::Write);
        try {
            hub_->sessions.authenticate(call, {session.id, session.key, callnum}, address, method);
            if (body) body(call);
            call.commit();
        } catch (const koji::Fault& fault) {
            return std::to_string(static_cast<int>(fault.fault_code())) + " " + fault.what();
        }
        return call.caller().name;
    }

    std::function<void(Call&)> change() {
        return
            [this](Call& call) { hub_->users.set_password_hash(call, *call.caller().user, "x"); };
    }
};

TEST_F(SessionsTest, KnowTheUserOfAKey) {
    const auto session = login("alice");
    EXPECT_EQ(present(session, 0, "getLoggedInUser"), "alice");
    EXPECT_EQ(
        present({session.id, session.key + "x"}, 0, "x"),
        "1002 Invalid session or bad credentials");
    EXPECT_EQ(
        present({SessionId{99}, session.key}, 0, "x"), "1002 Invalid session or bad credentials");
    EXPECT_EQ(present(session, 0, "x", {}, "192.0.2.9"), "1002 Invalid session or bad credentials");
}

TEST_F(SessionsTest, RefuseWhatWasCommittedAlreadyAndWhatIsOlder) {
    const auto session = login("alice");
    EXPECT_EQ(present(session, 3, "createTag", change()), "alice");
    EXPECT_EQ(
        present(session, 3, "createTag", change()),
        "1009 unable to retry call 3 (method createTag) for session " + session.id.str());
    EXPECT_EQ(present(session, 3, "host.updateHost", change()), "alice");
    EXPECT_EQ(present(session, 2, "createTag"), "1008 3 > 2 (session " + session.id.str() + ")");
    EXPECT_EQ(present(session, 4, "createTag", change()), "alice");
}

TEST_F(SessionsTest, KeepNoCallnumOfACallThatWroteNothing) {
    const auto session = login("alice");
    EXPECT_EQ(present(session, 3, "getTag"), "alice");
    EXPECT_EQ(present(session, 3, "getTag"), "alice");
}

TEST_F(SessionsTest, ExpireAndAreRenewedUnderTheirId) {
    const auto session = login("alice");
    clock_.advance(std::chrono::hours{25});
    EXPECT_EQ(
        present(session, 0, "getTag"), "1007 session \"" + session.id.str() + "\" has expired");
    SessionCredentials renewed;
    EXPECT_EQ(
        present(
            session,
            0,
            "login",
            [&](Call& call) {
                renewed = hub_->sessions.login(call, "alice", kAddress, {.renew = true});
            }),
        "alice");
    EXPECT_EQ(renewed.id, session.id);
    EXPECT_NE(renewed.key, session.key);
    EXPECT_EQ(present(renewed, 0, "getTag"), "alice");
    EXPECT_EQ(present(session, 0, "getTag"), "1002 Invalid session or bad credentials");
}

TEST_F(SessionsTest, LockTheUserForAnExclusiveOneAndItsSubsessions) {
    const auto first = login("alice");
    const auto second = login("alice", {.exclusive = true});
    EXPECT_EQ(present(first, 0, "getTag"), "1006 User locked by another session");
    EXPECT_EQ(
        present(
            first,
            0,
            "exclusiveSession",
            [&](Call& call) { hub_->sessions.make_exclusive(call, Force::No); }),
        "1006 Cannot get exclusive session");
    SessionCredentials child;
    present(second, 0, "subsession", [&](Call& call) { child = hub_->sessions.subsession(call); });
    EXPECT_EQ(present(child, 0, "getTag"), "alice");
    present(first, 0, "exclusiveSession", [&](Call& call) {
        hub_->sessions.make_exclusive(call, Force::Yes);
    });
    EXPECT_EQ(present(first, 1, "getTag"), "alice");
    EXPECT_EQ(present(second, 1, "getTag"), "1002 Invalid session or bad credentials");
    EXPECT_EQ(present(child, 1, "getTag"), "1002 Invalid session or bad credentials");
}

TEST_F(SessionsTest, EndWithTheLogoutAndTakeTheirChildrenAlong) {
    const auto session = login("alice");
    SessionCredentials child;
    present(session, 0, "subsession", [&](Call& call) { child = hub_->sessions.subsession(call); });
    present(session, 1, "logout", [&](Call& call) { hub_->sessions.logout(call); });
    EXPECT_EQ(present(session, 2, "getTag"), "1002 Invalid session or bad credentials");
    EXPECT_EQ(present(child, 0, "getTag"), "1002 Invalid session or bad credentials");
}

TEST_F(SessionsTest, AreRefusedToBlockedAndUnknownUsers) {
    const auto session = login("alice");
    write_as("admin", [&](Call& call) {
        hub_->users.set_status(call, std::string{"alice"}, UserStatus::Blocked);
    });
    EXPECT_EQ(present(session, 0, "getTag"), "1002 logins by alice are not allowed");
    EXPECT_EQ(
        refusal("", [&](Call& call) { hub_->sessions.login(call, "alice", kAddress, {}); }),
        "1002 logins by alice are not allowed");
    EXPECT_EQ(
        refusal("", [&](Call& call) { hub_->sessions.login(call, "eve", kAddress, {}); }),
        "1002 Unknown user: eve");
}

TEST_F(SessionsTest, DoNotLetAUserEndThoseOfOthers) {
    const auto session = login("alice");
    const auto other = login("bob");
    EXPECT_EQ(
        present(other, 0, "logout", [&](Call& call) { hub_->sessions.logout(call, session.id); }),
        "1004 admin permission required");
    EXPECT_EQ(present(session, 0, "getTag"), "alice");
}

TEST_F(HubTest, UndoesAnAttemptWithItsEventAndGoesOn) {
    write_as("admin", [&](Call& call) {
        EXPECT_THROW(
            call.attempt([&] {
                hub_->tags.create(call, {.name = "undone"});
                throw koji::Fault{koji::FaultCode::GenericError, "no"};
            }),
            koji::Fault);
        call.attempt([&] { hub_->tags.create(call, {.name = "kept"}); });
    });
    EXPECT_EQ(read([&](Call& call) { return hub_->tags.list(call).size(); }), 1U);
    EXPECT_TRUE(database_->check_integrity().empty());
}

}  // namespace
}  // namespace nacre::hub
