#include "hub/verified_logins.hpp"

#include "unit/hub/hub_fixture.hpp"

namespace nacre::hub {
namespace {

const VerifiedLoginRules kRules{
    .certificate_proxies = {"CN=web,O=Example"},
    .principal_proxies = {"web@EXAMPLE.TEST"},
    .realms = {"EXAMPLE.TEST"}};

VerifiedClient ticket_of(const std::string& principal) {
    return {.authtype = AuthType::Gssapi, .identity = principal, .name = principal};
}

VerifiedClient certificate_of(const std::string& name) {
    return {.authtype = AuthType::Ssl, .identity = "CN=" + name + ",O=Example", .name = name};
}

struct VerifiedLogins : HubTest {
    std::string user_of(const VerifiedClient& client, const ProxyRequest& proxy = {}) {
        std::string user;
        write([&](Call& call) { user = find_verified_login(call, kRules, client, proxy).user; });
        return user;
    }

    std::string refusal_of(
        const VerifiedClient& client,
        const ProxyRequest& proxy = {},
        const VerifiedLoginRules& rules = kRules) {
        return refusal("", [&](Call& call) { find_verified_login(call, rules, client, proxy); });
    }
};

TEST_F(VerifiedLogins, MapAPrincipalByTheTableFirst) {
    write_as("admin", [&](Call& call) {
        hub_->users.replace_principal(call, std::string{"bob"}, std::nullopt, "alice@EXAMPLE.TEST");
        hub_->users.replace_principal(
            call, std::string{"bob"}, std::nullopt, "robert/admin@ELSEWHERE.TEST");
    });
    EXPECT_EQ(user_of(ticket_of("alice@EXAMPLE.TEST")), "bob");
    EXPECT_EQ(user_of(ticket_of("robert/admin@ELSEWHERE.TEST")), "bob");
}

TEST_F(VerifiedLogins, TakePlainNamesOfAKnownRealmOnly) {
    EXPECT_EQ(user_of(ticket_of("alice@EXAMPLE.TEST")), "alice");
    for (const char* stranger :
         {"alice@ELSEWHERE.TEST",
          "alice/admin@EXAMPLE.TEST",
          "alice@x@EXAMPLE.TEST",
          "a\\/b@EXAMPLE.TEST"})
        EXPECT_EQ(user_of(ticket_of(stranger)), stranger) << "a name that no user can have";
}

TEST_F(VerifiedLogins, TakeTheNameInACertificate) {
    EXPECT_EQ(user_of(certificate_of("alice")), "alice");
    write_as("admin", [&](Call& call) {
        hub_->users.replace_principal(call, std::string{"admin"}, std::nullopt, "root@R");
    });
    EXPECT_EQ(refusal_of(certificate_of("root@R")), "1002 Unknown user: root@R");
}

TEST_F(VerifiedLogins, LetProxiesAloneLogInOthers) {
    EXPECT_EQ(user_of(certificate_of("web"), {.user = "alice"}), "alice");
    EXPECT_EQ(user_of(ticket_of("web@EXAMPLE.TEST"), {.user = "alice"}), "alice");
    EXPECT_EQ(user_of(ticket_of("web@EXAMPLE.TEST"), {.user = "alice@EXAMPLE.TEST"}), "alice");
    EXPECT_EQ(
        refusal_of(certificate_of("eve"), {.user = "alice"}),
        "1002 CN=eve,O=Example is not authorized to login other users");
    EXPECT_EQ(
        refusal_of(ticket_of("CN=web,O=Example"), {.user = "alice"}),
        "1002 CN=web,O=Example is not authorized to login other users");
}

TEST_F(VerifiedLogins, LetProxiesChooseTheKindWhereItIsAllowed) {
    const ProxyRequest wish{
        .user = "alice", .authtype = static_cast<std::int64_t>(AuthType::Gssapi)};
    EXPECT_EQ(
        refusal_of(certificate_of("web"), wish).substr(0, 41),
        "1002 Proxy must use same auth mechanism a");
    VerifiedLoginRules rules = kRules;
    rules.proxies_choose_kind = true;
    write([&](Call& call) {
        EXPECT_EQ(
            find_verified_login(call, rules, certificate_of("web"), wish).authtype,
            AuthType::Gssapi);
    });
    EXPECT_EQ(
        refusal_of(certificate_of("web"), {.user = "alice", .authtype = 0}, rules),
        "1002 Proxied authtype 0 is not valid for sslLogin");
}

}  // namespace
}  // namespace nacre::hub
