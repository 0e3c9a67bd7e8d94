#include "contract/authenticator_contract.hpp"

#include "support/errors.hpp"

namespace nacre::auth::contract {

TEST_P(AuthenticatorContract, KnowsWhoHasTheRightPassword) {
    EXPECT_EQ(by_password("alice", "alice's password"), (Identity{"alice", "password"}));
    EXPECT_EQ(by_password("alice", "alice's password"), (Identity{"alice", "password"}));
}

TEST_P(AuthenticatorContract, KnowsWhoHasTheRightToken) {
    EXPECT_EQ(by_token("alice's token"), (Identity{"alice", "token"}));
}

TEST_P(AuthenticatorContract, KnowsNobodyWithWrongCredentials) {
    EXPECT_EQ(by_password("alice", "mallory's password"), std::nullopt);
    EXPECT_EQ(by_password("alice", "alice's passwor"), std::nullopt);
    EXPECT_EQ(by_password("alice", "alice's token"), std::nullopt);
    EXPECT_EQ(by_password("alice", ""), std::nullopt);
    EXPECT_EQ(by_password("Alice", "alice's password"), std::nullopt);
    EXPECT_EQ(by_password("bob", "alice's password"), std::nullopt);
    EXPECT_EQ(by_password("", ""), std::nullopt);
    EXPECT_EQ(by_token("alice's password"), std::nullopt);
    EXPECT_EQ(by_token(""), std::nullopt);
}

TEST_P(AuthenticatorContract, TellsABlockedUserOnlyAfterTheRightPassword) {
    EXPECT_EQ(by_password("mallory", "a guess that is wrong"), std::nullopt);
    EXPECT_EQ(
        test::error_of([&] { return by_password("mallory", "mallory's password"); }).code(),
        ErrorCode::PermissionDenied);
    EXPECT_EQ(
        test::error_of([&] { return by_token("mallory's token"); }).code(),
        ErrorCode::PermissionDenied);
}

}  // namespace nacre::auth::contract
