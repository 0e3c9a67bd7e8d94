#include "auth/credential_cache.hpp"

#include <gtest/gtest.h>

namespace nacre::auth {
namespace {

using std::chrono::seconds;

constexpr SteadyTime kNow{seconds{1000}};

TEST(CredentialCache, RemembersExactlyWhatWasRight) {
    CredentialCache cache;
    cache.add("alice", "hash", Secret{"pw"}, kNow);
    EXPECT_TRUE(cache.has("alice", "hash", Secret{"pw"}, kNow));
    EXPECT_FALSE(cache.has("alice", "hash", Secret{"px"}, kNow));
    EXPECT_FALSE(cache.has("alice", "hash2", Secret{"pw"}, kNow));
    EXPECT_FALSE(cache.has("alic", "ehash", Secret{"pw"}, kNow));
    EXPECT_FALSE(cache.has("bob", "hash", Secret{"pw"}, kNow));
}

TEST(CredentialCache, ForgetsAfterItsLifetime) {
    CredentialCache cache{{.lifetime = seconds{10}, .entries_max = 5}};
    cache.add("alice", "hash", Secret{"pw"}, kNow);
    EXPECT_TRUE(cache.has("alice", "hash", Secret{"pw"}, kNow + seconds{9}));
    EXPECT_FALSE(cache.has("alice", "hash", Secret{"pw"}, kNow + seconds{10}));
}

TEST(CredentialCache, HoldsABoundedNumberAndDropsTheOldest) {
    CredentialCache cache{{.lifetime = seconds{100}, .entries_max = 3}};
    for (int i = 0; i < 10; ++i)
        cache.add("u" + std::to_string(i), "hash", Secret{"pw"}, kNow + seconds{i});
    EXPECT_EQ(cache.size(), 3U);
    EXPECT_TRUE(cache.has("u9", "hash", Secret{"pw"}, kNow + seconds{9}));
    EXPECT_FALSE(cache.has("u0", "hash", Secret{"pw"}, kNow + seconds{9}));
}

}  // namespace
}  // namespace nacre::auth
