#include "auth/record_authenticator.hpp"

#include "auth/memory_user_records.hpp"
#include "auth/password.hpp"
#include "support/errors.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace nacre::auth {
namespace {

using std::chrono::seconds;
using testing::HasSubstr;

class RecordAuthenticatorTest : public testing::Test {
protected:
    RecordAuthenticatorTest() {
        records_.set_user({.name = "alice", .password_hash = hash_password(Secret{"alice's one"})});
    }

    std::optional<Identity> log_in(const std::string& user, const std::string& password) {
        return authenticator_.authenticate(PasswordCredentials{user, Secret{password}}, "peer");
    }

    MemoryUserRecords records_;
    ManualClock clock_{WallTime{}};
    RecordAuthenticator authenticator_{
        records_,
        clock_,
        {.failures_max = 2, .window = seconds{100}, .penalty = seconds{30}},
        {.lifetime = seconds{60}, .entries_max = 10}};
};

TEST_F(RecordAuthenticatorTest, TakesNoMoreGuessesAfterTooManyWrongOnes) {
    EXPECT_FALSE(log_in("alice", "guess one"));
    EXPECT_FALSE(log_in("alice", "guess two"));
    const Error error = test::error_of([&] { return log_in("alice", "alice's one"); });
    EXPECT_EQ(error.code(), ErrorCode::ResourceExhausted);
    EXPECT_THAT(error.hint(), HasSubstr("30 seconds"));
    clock_.advance(seconds{30});
    EXPECT_TRUE(log_in("alice", "alice's one"));
}

TEST_F(RecordAuthenticatorTest, LimitsGuessesOfTokensAndOfUsersWhoDoNotExist) {
    EXPECT_FALSE(log_in("nobody", "guess one"));
    EXPECT_FALSE(log_in("nobody", "guess two"));
    EXPECT_EQ(
        test::error_of([&] { return log_in("nobody", "guess three"); }).code(),
        ErrorCode::ResourceExhausted);
    const auto guess = [&] {
        return authenticator_.authenticate(TokenCredentials{Secret{"guess"}}, "peer");
    };
    EXPECT_FALSE(guess());
    EXPECT_FALSE(guess());
    EXPECT_EQ(test::error_of(guess).code(), ErrorCode::ResourceExhausted);
}

TEST_F(RecordAuthenticatorTest, TakesTheNewPasswordAndNotTheOldOneAfterAChange) {
    EXPECT_TRUE(log_in("alice", "alice's one"));
    EXPECT_TRUE(log_in("alice", "alice's one"));
    records_.set_user({.name = "alice", .password_hash = hash_password(Secret{"alice's two"})});
    EXPECT_FALSE(log_in("alice", "alice's one"));
    EXPECT_TRUE(log_in("alice", "alice's two"));
}

TEST_F(RecordAuthenticatorTest, ShutsOutAUserWhoIsBlockedAlthoughThePasswordIsRemembered) {
    EXPECT_TRUE(log_in("alice", "alice's one"));
    UserRecord alice = *records_.find_user("alice");
    alice.status = UserStatus::Blocked;
    records_.set_user(alice);
    EXPECT_EQ(
        test::error_of([&] { return log_in("alice", "alice's one"); }).code(),
        ErrorCode::PermissionDenied);
}

TEST_F(RecordAuthenticatorTest, KnowsNoPasswordForAUserWithoutOne) {
    records_.set_user({.name = "robot"});
    EXPECT_FALSE(log_in("robot", ""));
}

TEST_F(RecordAuthenticatorTest, RefusesOversizedCredentials) {
    EXPECT_FALSE(log_in("alice", std::string(2000, 'x')));
    EXPECT_FALSE(log_in(std::string(300, 'x'), "password"));
    EXPECT_FALSE(log_in("", "password"));
    EXPECT_TRUE(log_in("alice", "alice's one"));
}

}  // namespace
}  // namespace nacre::auth
