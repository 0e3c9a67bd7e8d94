#include "contract/publisher_contract.hpp"
#include "publish/mirror_publisher.hpp"
#include "publish/recording_publisher.hpp"
#include "publish/registry_publisher.hpp"
#include "registry/http_registry.hpp"
#include "registry/memory_registry.hpp"
#include "support/served_registry.hpp"
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

class MemoryRegistryFixture final : public PublisherFixture {
public:
    explicit MemoryRegistryFixture(const store::BlobStore& blobs)
        : publisher_{
              {.registry = "registry.test", .prefix = "team", .floating_tags = {"latest"}},
              registry_,
              blobs,
              {}} {}

    Publisher& publisher() override { return publisher_; }

private:
    registry::MemoryRegistry registry_;
    RegistryPublisher publisher_;
};

/// Through the protocol, to our own server.
class ServedRegistryFixture final : public PublisherFixture {
public:
    explicit ServedRegistryFixture(const store::BlobStore& blobs)
        : publisher_{{.registry = server_.address()}, registry_, blobs, {}} {}

    Publisher& publisher() override { return publisher_; }

private:
    test::ServedRegistry server_;
    http::CurlClient http_{"nacre-test"};
    registry::FixedCredentials credentials_;
    SystemClock clock_;
    SeededRandom random_{1};
    registry::HttpRegistry registry_{{http_, credentials_, clock_, random_}};
    RegistryPublisher publisher_;
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
            [](const store::BlobStore& blobs) { return std::make_unique<MirrorFixture>(blobs); }},
        PublisherImplementation{
            "MemoryRegistry",
            [](const store::BlobStore& blobs) {
                return std::make_unique<MemoryRegistryFixture>(blobs);
            }},
        PublisherImplementation{
            "ServedRegistry",
            [](const store::BlobStore& blobs) {
                return std::make_unique<ServedRegistryFixture>(blobs);
            }}),
    [](const auto& tested) { return tested.param.name; });

}  // namespace
}  // namespace nacre::publish::contract
