#include "base/clock.hpp"

#include <gtest/gtest.h>

namespace nacre {
namespace {

const WallTime kMorning = from_unix_seconds(1795508222) + std::chrono::microseconds{123};

TEST(Clock, RendersRfc3339) {
    EXPECT_EQ(render_rfc3339(kMorning), "2026-11-24T08:17:02Z");
}

TEST(Clock, RendersTimesAsAKojiHubDoes) {
    EXPECT_EQ(render_koji_time(kMorning), "2026-11-24 08:17:02.000123+00:00");
    EXPECT_EQ(render_koji_time(from_unix_seconds(0)), "1970-01-01 00:00:00.000000+00:00");
}

TEST(Clock, KeepsMicrosecondsInFractions) {
    EXPECT_DOUBLE_EQ(to_unix_fraction(kMorning), 1795508222.000123);
}

TEST(ManualClock, MovesOnlyWhenTold) {
    ManualClock clock{kMorning};
    const SteadyTime before = clock.steady_now();
    EXPECT_EQ(clock.wall_now(), kMorning);
    clock.advance(std::chrono::seconds{2});
    EXPECT_EQ(clock.wall_now() - kMorning, std::chrono::seconds{2});
    EXPECT_EQ(clock.steady_now() - before, std::chrono::seconds{2});
}

}  // namespace
}  // namespace nacre
