#include "contract/snapshotter_contract.hpp"
#include "store/copy_snapshotter.hpp"
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

INSTANTIATE_TEST_SUITE_P(
    Implementations,
    SnapshotterContract,
    testing::Values(
        SnapshotterImplementation{
            "Overlay", [] { return std::make_unique<Fixture<OverlaySnapshotter>>(); }},
        SnapshotterImplementation{
            "Copy", [] { return std::make_unique<Fixture<CopySnapshotter>>(); }}),
    [](const auto& tested) { return tested.param.name; });

}  // namespace
}  // namespace nacre::store::contract
