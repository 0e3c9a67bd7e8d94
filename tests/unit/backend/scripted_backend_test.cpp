#include "backend/scripted_backend.hpp"

#include "base/error.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace nacre::backend {
namespace {

constexpr std::chrono::minutes kLong{1};

TEST(ScriptedBackend, RemembersWhatItWasAskedFor) {
    int bodies = 0;
    ScriptedBackend backend{[&](const WorkerSpec& spec) {
        if (spec.task_id == 3) throw Error{ErrorCode::Unavailable, "no room"};
        return ScriptedBackend::Script{.ends = spec.task_id == 1, .body = [&] { ++bodies; }};
    }};
    const auto first = backend.submit({.task_id = 1});
    auto second = backend.submit({.task_id = 2});
    EXPECT_THROW(backend.submit({.task_id = 3}), Error);
    EXPECT_EQ(backend.submitted().size(), 2U);
    EXPECT_TRUE(first->wait_for(kLong));
    EXPECT_TRUE(first->wait_for(kLong));
    EXPECT_EQ(bodies, 1);
    second.reset();
    EXPECT_THAT(backend.cancelled(), testing::ElementsAre(2));
}

TEST(ScriptedBackend, EndsAWorkerFromOutside) {
    ScriptedBackend backend{
        [](const WorkerSpec&) { return ScriptedBackend::Script{.ends = false}; }};
    const auto worker = backend.submit({.task_id = 5});
    EXPECT_FALSE(backend.end(6, {}));
    EXPECT_TRUE(backend.end(5, {.code = 4}));
    EXPECT_EQ(worker->wait_for(kLong)->code, 4);
    EXPECT_FALSE(backend.end(5, {}));
}

}  // namespace
}  // namespace nacre::backend
