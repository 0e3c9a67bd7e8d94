#include "unit/hub/hub_fixture.hpp"

#include <gmock/gmock.h>

namespace nacre::hub {
namespace {

using testing::ElementsAre;

TEST_F(HubTest, LetsOnlyAdminsChangeUsers) {
    EXPECT_EQ(
        refusal("alice", [&](Call& call) { hub_->users.create(call, {.name = "x"}); }),
        "1004 admin permission required");
    EXPECT_EQ(
        refusal("", [&](Call& call) { hub_->users.create(call, {.name = "x"}); }),
        "1004 you must be logged in for this operation");
    EXPECT_EQ(
        refusal("admin", [&](Call& call) { hub_->users.create(call, {.name = "alice"}); }),
        "1000 user already exists: alice");
    EXPECT_EQ(
        refusal("admin", [&](Call& call) { hub_->users.get(call, std::string{"x"}); }),
        "1000 No such user: 'x'");
}

TEST_F(HubTest, GivesPermissionsByUserAndByGroup) {
    write_as("admin", [&](Call& call) {
        hub_->users.grant(call, std::string{"alice"}, std::string{"tag"});
        hub_->users.create_group(call, "releng");
        hub_->users.add_group_member(call, std::string{"releng"}, std::string{"bob"});
        hub_->users.grant(
            call, std::string{"releng"}, std::string{"customchannel"}, IfMissing::Create);
    });
    write_as("alice", [&](Call& call) {
        EXPECT_TRUE(has_permission(call, "tag"));
        EXPECT_FALSE(has_permission(call, "target"));
    });
    write_as("bob", [&](Call& call) { EXPECT_TRUE(has_permission(call, "customchannel")); });
    write_as("admin", [&](Call& call) { EXPECT_TRUE(has_permission(call, "target")); });
    EXPECT_EQ(
        refusal(
            "admin",
            [&](Call& call) { hub_->users.grant(call, std::string{"alice"}, std::string{"tag"}); }),
        "1000 user alice already has permission: tag");
    write_as("admin", [&](Call& call) {
        hub_->users.revoke(call, std::string{"alice"}, std::string{"tag"});
    });
    write_as("alice", [&](Call& call) { EXPECT_FALSE(has_permission(call, "tag")); });
}

TEST_F(HubTest, FindsUsersByPrincipal) {
    write_as("admin", [&](Call& call) {
        hub_->users.create(call, {.name = "carol", .krb_principal = "carol@EXAMPLE.ORG"});
    });
    const User user =
        read([&](Call& call) { return hub_->users.get(call, std::string{"carol@EXAMPLE.ORG"}); });
    EXPECT_EQ(user.name, "carol");
    EXPECT_THAT(user.krb_principals, ElementsAre("carol@EXAMPLE.ORG"));
}

TEST_F(HubTest, KeepsALogOfPrivilegedActs) {
    write_as("admin", [&](Call& call) {
        hub_->users.grant(call, std::string{"alice"}, std::string{"tag"});
    });
    hub_->refusals.note(
        caller("bob"), {{"call.refused", "createUser", "admin permission required"}});
    const auto records = read([&](Call& call) { return read_audit(call, {.limit = 2}); });
    ASSERT_EQ(records.size(), 2U);
    EXPECT_EQ(records[0].action, "call.refused");
    EXPECT_EQ(records[0].user, "bob");
    EXPECT_EQ(records[1].action, "permission.grant");
    EXPECT_EQ(records[1].subject, "alice");
    EXPECT_EQ(records[1].detail, "tag");
}

TEST_F(HubTest, StrangersCannotFillTheAuditLog) {
    const auto count = [&] { return read([](Call& call) { return read_audit(call).size(); }); };
    const std::size_t before = count();
    const Caller stranger{.name = {}, .address = "192.0.2.1"};
    for (int i = 0; i < kStrangerRefusalsMax + 30; ++i)
        hub_->refusals.note(stranger, {{"login.refused", "root", "no"}});
    EXPECT_EQ(count(), before + kStrangerRefusalsMax);
    hub_->refusals.note(caller("bob"), {{"call.refused", "createUser", "no"}});
    EXPECT_EQ(count(), before + kStrangerRefusalsMax + 1) << "users are noted always";
    clock_.advance(kStrangerWindow);
    hub_->refusals.note(stranger, {{"login.refused", "root", "no"}});
    const auto records = read([](Call& call) { return read_audit(call, {.limit = 2}); });
    EXPECT_EQ(records[0].action, "login.refused");
    EXPECT_EQ(records[1].action, "refusals.omitted");
    EXPECT_EQ(records[1].subject, "30");
}

TEST_F(HubTest, AddsHostsWithAUserAndTheDefaultChannel) {
    write_as("admin", [&](Call& call) {
        hub_->hosts.add(call, "b1", {"x86_64", "aarch64"});
        hub_->hosts.add_to_channel(call, std::string{"b1"}, "container", IfMissing::Refuse);
    });
    read([&](Call& call) {
        const Host host = hub_->hosts.get(call, std::string{"b1"});
        EXPECT_EQ(host.arches, "x86_64 aarch64");
        EXPECT_TRUE(host.enabled);
        EXPECT_EQ(hub_->users.get(call, host.user.value()).type, UserType::Host);
        EXPECT_EQ(hub_->channels.list(call, {.host = host.id}).size(), 2U);
        EXPECT_EQ(hub_->hosts.list(call, {.arches = {"aarch64"}}).size(), 1U);
        EXPECT_TRUE(hub_->hosts.list(call, {.arches = {"s390x"}}).empty());
        return 0;
    });
    EXPECT_EQ(
        refusal(
            "admin",
            [&](Call& call) {
                hub_->hosts.add_to_channel(call, std::string{"b1"}, "container", IfMissing::Refuse);
            }),
        "1000 host b1 is already subscribed to the container channel");
    write_as("admin", [&](Call& call) { hub_->hosts.set_enabled(call, std::string{"b1"}, false); });
    EXPECT_FALSE(
        read([&](Call& call) { return hub_->hosts.get(call, std::string{"b1"}).enabled; }));
}

}  // namespace
}  // namespace nacre::hub
