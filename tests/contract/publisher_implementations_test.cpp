#include "contract/publisher_contract.hpp"
#include "publish/mirror_publisher.hpp"
#include "publish/recording_publisher.hpp"
#include "support/temp_dir.hpp"

namespace nacre::publish::contract {
namespace {

class RecordingFixture final : public PublisherFixture {
public:
    Publisher& publisher() override { return publisher_; }

private:
    RecordingPublisher publisher_;
};

class MirrorFixture final : public PublisherFixture {
public:
    explicit MirrorFixture(const store::BlobStore& blobs) : publisher_{root_.path(), blobs} {}

    Publisher& publisher() override { return publisher_; }

private:
    test::TempDir root_;
    MirrorPublisher publisher_;
};

INSTANTIATE_TEST_SUITE_P(
    Implementations,
    PublisherContract,
    testing::Values(
        PublisherImplementation{
            "Recording",
            [](const store::BlobStore&) { return std::make_unique<RecordingFixture>(); }},
        PublisherImplementation{
            "Mirror",
            [](const store::BlobStore& blobs) { return std::make_unique<MirrorFixture>(blobs); }}),
    [](const auto& tested) { return tested.param.name; });

}  // namespace
}  // namespace nacre::publish::contract
