#pragma once

#include "engine/step_cache.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <ostream>
#include <string>

namespace nacre::engine::contract {

/// One implementation under test, with whatever it needs to live.
class StepCacheFixture {
public:
    virtual ~StepCacheFixture() = default;
    virtual StepCache& cache() = 0;
};

struct StepCacheImplementation {
    std::string name;
    std::function<std::unique_ptr<StepCacheFixture>()> make;

    friend std::ostream& operator<<(std::ostream& out, const StepCacheImplementation& self) {
        return out << self.name;
    }
};

/// What every StepCache promises. An implementation joins by INSTANTIATE_TEST_SUITE_P.
class StepCacheContract : public testing::TestWithParam<StepCacheImplementation> {
protected:
    StepCache& cache() { return fixture_->cache(); }

private:
    std::unique_ptr<StepCacheFixture> fixture_ = GetParam().make();
};

}  // namespace nacre::engine::contract
