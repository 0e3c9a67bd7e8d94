#include "base/queue.hpp"

#include "base/thread_group.hpp"

#include <gmock/gmock.h>

#include <vector>

namespace nacre {
namespace {

TEST(Queue, GivesValuesInTheirOrder) {
    Queue<int> queue{2};
    EXPECT_TRUE(queue.try_push(1));
    EXPECT_TRUE(queue.push(2, {}));
    EXPECT_FALSE(queue.try_push(3));
    EXPECT_EQ(queue.pop({}), 1);
    EXPECT_EQ(queue.pop({}), 2);
}

TEST(Queue, WaitsForRoom) {
    Queue<int> queue{1};
    std::vector<int> taken;
    ThreadGroup group;
    group.start("writer", [&](const std::stop_token&) {
        for (int i = 0; i < 100; ++i)
            queue.push(i, {});
    });
    for (int i = 0; i < 100; ++i)
        taken.push_back(*queue.pop({}));
    EXPECT_EQ(taken.front(), 0);
    EXPECT_EQ(taken.back(), 99);
}

TEST(Queue, WaitsForNothingOnceTheStopIsRequested) {
    std::stop_source stop;
    stop.request_stop();
    Queue<int> queue{1};
    EXPECT_EQ(queue.pop(stop.get_token()), std::nullopt);
    EXPECT_TRUE(queue.push(1, stop.get_token()));
    EXPECT_FALSE(queue.push(2, stop.get_token()));
}

}  // namespace
}  // namespace nacre
