#include "contract/snapshotter_contract.hpp"
#include "store/copy_snapshotter.hpp"
#include "store/lazy_snapshotter.hpp"
#include "store/lease.hpp"
#include "store/overlay_snapshotter.hpp"
#include "support/temp_dir.hpp"

namespace nacre::store::contract {
namespace {

template <class Tested>
class Fixture final : public SnapshotterFixture {
public:
    Snapshotter& snapshotter() override { return snapshotter_; }

private:
    test::TempDir root_;
    Tested snapshotter_{root_.path()};
};

/// As a build has it: made when it is needed, and written down.
class LeasedFixture final : public SnapshotterFixture {
public:
    Snapshotter& snapshotter() override { return snapshotter_; }

private:
    test::TempDir root_;
    Lease lease_{root_.path() / "leases"};
    LazySnapshotter lazy_{
        [this] { return std::make_unique<OverlaySnapshotter>(root_.path() / "snapshots"); }};
    LeasedSnapshotter snapshotter_{lazy_, lease_};
};

INSTANTIATE_TEST_SUITE_P(
    Implementations,
    SnapshotterContract,
    testing::Values(
        SnapshotterImplementation{
            "Overlay", [] { return std::make_unique<Fixture<OverlaySnapshotter>>(); }},
        SnapshotterImplementation{
            "Copy", [] { return std::make_unique<Fixture<CopySnapshotter>>(); }},
        SnapshotterImplementation{"LeasedLazy", [] { return std::make_unique<LeasedFixture>(); }}),
    [](const auto& tested) { return tested.param.name; });

}  // namespace
}  // namespace nacre::store::contract
