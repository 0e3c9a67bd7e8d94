#pragma once

#include "store/snapshotter.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <functional>
#include <memory>
#include <ostream>
#include <string>
#include <vector>

namespace nacre::store::contract {

/// One implementation under test, with whatever it needs to live.
class SnapshotterFixture {
public:
    virtual ~SnapshotterFixture() = default;
    virtual Snapshotter& snapshotter() = 0;
};

struct SnapshotterImplementation {
    std::string name;
    std::function<std::unique_ptr<SnapshotterFixture>()> make;

    friend std::ostream& operator<<(std::ostream& out, const SnapshotterImplementation& self) {
        return out << self.name;
    }
};

/// What every Snapshotter promises. An implementation joins by INSTANTIATE_TEST_SUITE_P. Needs root: layers have
/// owners and whiteouts.
class SnapshotterContract : public testing::TestWithParam<SnapshotterImplementation> {
protected:
    void SetUp() override;

    Snapshotter& snapshotter() { return fixture_->snapshotter(); }

    /// Changes a snapshot of `parents` and commits it as `id`.
    void commit(
        const oci::DiffId& id,
        const std::vector<oci::DiffId>& parents,
        const std::function<void(const std::filesystem::path& root)>& change);

    /// The changes as a list of the paths of their layer's tar, with the types of what is special.
    std::vector<std::string> changes_of(ActiveSnapshot& active);

private:
    std::unique_ptr<SnapshotterFixture> fixture_;
};

}  // namespace nacre::store::contract
