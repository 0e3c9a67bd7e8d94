#pragma once

#include "base/clock.hpp"
#include "distgit/lookaside.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <ostream>
#include <string>

namespace nacre::distgit::contract {

/// One implementation under test, empty.
class LookasideFixture {
public:
    virtual ~LookasideFixture() = default;
    virtual Lookaside& lookaside() = 0;

    /// Whether something is left of uploads that were dropped.
    virtual bool has_leftovers() const { return false; }

protected:
    ManualClock clock_{from_unix_seconds(1'790'000'000)};
};

struct LookasideImplementation {
    std::string name;
    std::function<std::unique_ptr<LookasideFixture>()> make;

    friend std::ostream& operator<<(std::ostream& out, const LookasideImplementation& self) {
        return out << self.name;
    }
};

/// What every Lookaside promises. An implementation joins by INSTANTIATE_TEST_SUITE_P.
class LookasideContract : public testing::TestWithParam<LookasideImplementation> {
protected:
    Lookaside& lookaside() { return fixture_->lookaside(); }

    bool has_leftovers() const { return fixture_->has_leftovers(); }

    void put(const LookasideFile& file, std::string_view content);
    std::string get(const LookasideFile& file);

private:
    std::unique_ptr<LookasideFixture> fixture_ = GetParam().make();
};

}  // namespace nacre::distgit::contract
