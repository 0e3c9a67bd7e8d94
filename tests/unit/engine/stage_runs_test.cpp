#include "engine/stage_runs.hpp"

#include "base/error.hpp"
#include "base/thread_group.hpp"

#include <gmock/gmock.h>

#include <latch>

namespace nacre::engine {
namespace {

using Indexes = std::vector<std::size_t>;

StageResult named(const std::string& name) {
    StageResult result;
    result.config.author = name;
    return result;
}

void run_all(StageRuns& runs, std::size_t threads, const std::stop_source& ending = {}) {
    ThreadGroup group;
    for (std::size_t i = 0; i < threads; ++i)
        group.start("stage", [&](const std::stop_token&) { runs.work(ending); });
}

TEST(StageRuns, BuildsStagesAtOnceThatDoNotNeedEachOther) {
    std::latch all{3};
    StageRuns runs{{0, 1, 2}, [&](std::size_t, const std::stop_token&) {
                       all.arrive_and_wait();
                       return StageResult{};
                   }};
    run_all(runs, 3);
    EXPECT_NO_THROW(runs.rethrow());
}

TEST(StageRuns, WaitsForWhatAStageNeeds) {
    std::latch second_waits{1};
    StageRuns* all = nullptr;
    StageRuns runs{{0, 4}, [&](std::size_t index, const std::stop_token& stop) {
                       if (index == 4) {
                           second_waits.count_down();
                           return named("on " + all->get(0, stop).config.author);
                       }
                       second_waits.wait();
                       return named("first");
                   }};
    all = &runs;
    run_all(runs, 2);
    runs.rethrow();
    EXPECT_EQ(runs.take_last().config.author, "on first");
}

TEST(StageRuns, NeedsOneThreadOnly) {
    Indexes order;
    StageRuns* all = nullptr;
    StageRuns runs{{0, 1, 2}, [&](std::size_t index, const std::stop_token& stop) {
                       order.push_back(index);
                       if (index > 0) all->get(index - 1, stop);
                       return StageResult{};
                   }};
    all = &runs;
    run_all(runs, 1);
    EXPECT_NO_THROW(runs.rethrow());
    EXPECT_EQ(order, (Indexes{0, 1, 2}));
}

TEST(StageRuns, StopsTheOthersAtTheFirstFailureAndTellsOfThatOne) {
    StageRuns* all = nullptr;
    StageRuns runs{{0, 1, 2}, [&](std::size_t index, const std::stop_token& stop) -> StageResult {
                       if (index == 1) throw Error{ErrorCode::Internal, "it broke"};
                       if (index == 2) return named(all->get(0, stop).config.author);
                       while (!stop.stop_requested())
                           std::this_thread::yield();
                       throw Cancelled{};
                   }};
    all = &runs;
    run_all(runs, 3);
    EXPECT_THROW(runs.rethrow(), Error);
}

TEST(StageRuns, IsCancelledWhenItIsStoppedBeforeTheEnd) {
    StageRuns runs{{0}, [](std::size_t, const std::stop_token&) { return StageResult{}; }};
    std::stop_source ending;
    ending.request_stop();
    run_all(runs, 1, ending);
    EXPECT_THROW(runs.rethrow(), Cancelled);
}

}  // namespace
}  // namespace nacre::engine
