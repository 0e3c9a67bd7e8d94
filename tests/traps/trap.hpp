#pragma once

#include "support/build_machine.hpp"
#include "support/code_of.hpp"
#include "unit/archive/tar_support.hpp"

#include <gmock/gmock.h>

#include <string>
#include <vector>

namespace nacre::engine::test {

using archive::EntryType;
using archive::test::write_tar;
using nacre::test::code_of;
using nacre::test::message_of;
using testing::Contains;
using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using Outcomes = std::vector<Progress::Outcome>;
using Strings = std::vector<std::string>;

inline constexpr auto kDone = Progress::Outcome::Done;
inline constexpr auto kCached = Progress::Outcome::Cached;

/// Builds with a cache and looks at what came out. One trap is not here: that `du` says less than the disk is in tests/e2e/test_build.py.
class TrapTest : public BuildTest {
protected:
    void SetUp() override {
        BuildTest::SetUp();
        if (!IsSkipped()) machine().cache = &cache_;
    }

    void TearDown() override {
        if (IsSkipped()) return;
        EXPECT_THAT(machine().leftovers(), IsEmpty());
    }

    const BuildResult& build(const std::string& dockerfile) {
        progress_ = {};
        return result_.emplace(machine().build(dockerfile, progress_));
    }

    /// What the steps of the last build said.
    const std::string& said() const { return progress_.text; }

    const Outcomes& outcomes() const { return progress_.outcomes; }

    const Layer& last_layer() const { return result_->layers.back(); }

    Strings last_entries() { return machine().entries(last_layer()); }

    std::optional<archive::TarEntry> last_entry(const std::string& path) {
        return machine().find_entry(last_layer(), path);
    }

private:
    MemoryStepCache cache_;
    RecordedProgress progress_;
    std::optional<BuildResult> result_;
};

}  // namespace nacre::engine::test
