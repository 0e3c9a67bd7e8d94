#include "contract/ticket_verifier_contract.hpp"

#include "support/code_of.hpp"

namespace nacre::auth::contract {
namespace {

using test::code_of;

GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(TicketVerifierContract);

TEST_P(TicketVerifierContract, NamesThePrincipalAndProvesItself) {
    const VerifiedTicket ticket = fixture_->verifier().verify(fixture_->make_token());
    EXPECT_EQ(ticket.principal, "alice@EXAMPLE.TEST");
    EXPECT_FALSE(ticket.reply.empty());
}

TEST_P(TicketVerifierContract, TakesATokenOnce) {
    const std::string token = fixture_->make_token();
    fixture_->verifier().verify(token);
    EXPECT_EQ(code_of([&] { fixture_->verifier().verify(token); }), ErrorCode::Unauthenticated);
    fixture_->verifier().verify(fixture_->make_token());
}

TEST_P(TicketVerifierContract, RefusesWhatIsNoTokenAndWhatWasChanged) {
    for (const std::string& bad : {std::string{}, std::string{"x"}, std::string(100'000, 'x')})
        EXPECT_EQ(code_of([&] { fixture_->verifier().verify(bad); }), ErrorCode::Unauthenticated);
    std::string changed = fixture_->make_token();
    changed.back() = static_cast<char>(changed.back() ^ 1);
    EXPECT_EQ(code_of([&] { fixture_->verifier().verify(changed); }), ErrorCode::Unauthenticated);
}

}  // namespace
}  // namespace nacre::auth::contract
