#include "base/pause.hpp"

#include "base/error.hpp"

#include <gtest/gtest.h>

namespace nacre {
namespace {

using std::chrono::milliseconds;

TEST(Pause, GrowsTwofoldUpToTheMaximum) {
    SeededRandom random{1};
    const Backoff backoff{.first = milliseconds{100}, .max = milliseconds{1000}};
    for (const auto& [attempt, longest] :
         {std::pair{0, 100},
          std::pair{1, 200},
          std::pair{3, 800},
          std::pair{4, 1000},
          std::pair{1000, 1000}}) {
        const milliseconds wait = pause_after(backoff, attempt, random);
        EXPECT_GE(wait, milliseconds{longest / 2});
        EXPECT_LE(wait, milliseconds{longest});
    }
    EXPECT_EQ(pause_after({}, 3, random), milliseconds{0});
}

TEST(Pause, EndsWhenStopped) {
    std::stop_source stop;
    pause(milliseconds{0}, stop.get_token());
    stop.request_stop();
    EXPECT_THROW(pause(std::chrono::hours{1}, stop.get_token()), Cancelled);
}

}  // namespace
}  // namespace nacre
