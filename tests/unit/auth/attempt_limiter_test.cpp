#include "auth/attempt_limiter.hpp"

#include <gtest/gtest.h>

namespace nacre::auth {
namespace {

using std::chrono::seconds;

constexpr AttemptLimits kLimits{
    .failures_max = 3,
    .peer_failures_max = 6,
    .user_failures_max = 8,
    .window = seconds{100},
    .penalty = seconds{30},
    .entries_max = 4};

class AttemptLimiterTest : public testing::Test {
protected:
    void fail(const std::string& user, int times) {
        for (; times > 0; --times)
            limiter_.record_failure(user, "peer", now_);
    }

    bool is_blocked(const std::string& user, const std::string& peer = "peer") {
        return limiter_.find_wait(user, peer, now_).has_value();
    }

    AttemptLimiter limiter_{kLimits};
    SteadyTime now_{seconds{1000}};
};

TEST_F(AttemptLimiterTest, BlocksAfterTooManyFailuresForAWhile) {
    fail("eve", 2);
    EXPECT_FALSE(is_blocked("eve"));
    fail("eve", 1);
    EXPECT_EQ(limiter_.find_wait("eve", "peer", now_), seconds{30});
    now_ += seconds{29};
    EXPECT_EQ(limiter_.find_wait("eve", "peer", now_), seconds{1});
    now_ += seconds{1};
    EXPECT_FALSE(is_blocked("eve"));
}

TEST_F(AttemptLimiterTest, BlocksNeitherOtherUsersNorOtherPeers) {
    fail("eve", 3);
    EXPECT_FALSE(is_blocked("alice"));
    EXPECT_FALSE(is_blocked("eve", "other"));
}

TEST_F(AttemptLimiterTest, ForgetsFailuresAfterASuccessAndAfterTheWindow) {
    fail("eve", 2);
    limiter_.record_success("eve", "peer", now_);
    fail("eve", 2);
    now_ += seconds{100};
    fail("eve", 2);
    EXPECT_FALSE(is_blocked("eve"));
    fail("eve", 1);
    EXPECT_TRUE(is_blocked("eve"));
}

TEST_F(AttemptLimiterTest, BlocksAPeerThatTriesManyUsers) {
    for (const char* user : {"a", "b", "c"})
        fail(user, 2);
    EXPECT_TRUE(is_blocked("d")) << "a user whom it has not tried yet";
    EXPECT_FALSE(is_blocked("d", "other"));
    now_ += seconds{30};
    EXPECT_FALSE(is_blocked("d"));
}

TEST_F(AttemptLimiterTest, BlocksAUserWhomManyPeersTryButNotInTheUsersOwnPlace) {
    limiter_.record_success("alice", "home", now_);
    for (int i = 0; i < 8; ++i)
        limiter_.record_failure("alice", "peer " + std::to_string(i), now_);
    EXPECT_TRUE(is_blocked("alice", "somewhere"));
    EXPECT_FALSE(is_blocked("alice", "home"));
    EXPECT_FALSE(is_blocked("bob", "somewhere"));
    now_ += seconds{30};
    EXPECT_FALSE(is_blocked("alice", "somewhere")) << "nobody is locked out for good";
}

TEST_F(AttemptLimiterTest, AStrangerBehindTheSameAddressLocksNobodyOutOfAnOwnPlace) {
    limiter_.record_success("alice", "peer", now_);
    for (const char* user : {"a", "b", "c"})
        fail(user, 2);
    EXPECT_TRUE(is_blocked("bob"));
    EXPECT_FALSE(is_blocked("alice"));
    fail("alice", 3);
    EXPECT_TRUE(is_blocked("alice")) << "its own failures count there too";
}

TEST_F(AttemptLimiterTest, HoldsABoundedNumberOfEntries) {
    fail("eve", 3);
    now_ += seconds{1};
    for (int i = 0; i < 100; ++i)
        fail("u" + std::to_string(i), 1);
    EXPECT_LE(limiter_.size(), 4U);
    now_ += seconds{200};
    fail("new", 1);
    EXPECT_EQ(limiter_.size(), 1U);
}

}  // namespace
}  // namespace nacre::auth
