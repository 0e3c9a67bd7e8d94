#include "auth/gss_ticket_verifier.hpp"
#include "auth/static_ticket_verifier.hpp"
#include "contract/ticket_verifier_contract.hpp"
#include "support/code_of.hpp"
#include "support/kerberos_realm.hpp"

namespace nacre::auth::contract {
namespace {

class StaticFixture final : public TicketVerifierFixture {
public:
    TicketVerifier& verifier() override { return verifier_; }

    std::string make_token() override { return verifier_.issue("alice@EXAMPLE.TEST"); }

private:
    StaticTicketVerifier verifier_;
};

class GssFixture final : public TicketVerifierFixture {
public:
    GssFixture() { realm_.make_keytab("alice"); }

    TicketVerifier& verifier() override { return verifier_; }

    std::string make_token() override { return realm_.make_token("alice"); }

private:
    test::KerberosRealm realm_;
    test::TempDir folder_;
    GssTicketVerifier verifier_{realm_.make_keytab("HTTP/localhost"), folder_.path() / "replays"};
};

std::unique_ptr<TicketVerifierFixture> make_gss() {
    if (!test::KerberosRealm::is_available()) return nullptr;
    return std::make_unique<GssFixture>();
}

INSTANTIATE_TEST_SUITE_P(
    Implementations,
    TicketVerifierContract,
    testing::Values(
        TicketVerifierImplementation{"Static", [] { return std::make_unique<StaticFixture>(); }},
        TicketVerifierImplementation{"Gss", &make_gss}),
    [](const auto& tested) { return tested.param.name; });

TEST(GssTicketVerifier, RefusesAKeytabThatIsNotThere) {
    EXPECT_EQ(
        test::code_of([] { GssTicketVerifier("/nonexistent/keytab", "/nonexistent/replays"); }),
        ErrorCode::InvalidArgument);
}

}  // namespace
}  // namespace nacre::auth::contract
