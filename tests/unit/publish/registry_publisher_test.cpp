#include "publish/registry_publisher.hpp"

#include "base/error.hpp"
#include "registry/memory_registry.hpp"
#include "store/memory_blob_store.hpp"
#include "support/code_of.hpp"
#include "support/test_image.hpp"

#include <gmock/gmock.h>

namespace nacre::publish {
namespace {

using test::code_of;

class RegistryPublisherTest : public testing::Test {
protected:
    Publication publication(const std::string& release, const std::string& layer) {
        return {
            .destination = "f43-container",
            .name = "Httpd",
            .version = "2.4~rc1",
            .release = release,
            .architecture = "x86_64",
            .manifest = test::write_image(blobs_, layer),
            .reference = ""};
    }

    std::optional<oci::Digest> find(const std::string& image_tag) {
        const auto found = registry_.find_manifest_descriptor(
            oci::Reference::parse("registry.test/team/httpd:" + image_tag), {});
        return found ? std::optional{found->digest} : std::nullopt;
    }

    store::MemoryBlobStore blobs_;
    registry::MemoryRegistry registry_;
    RegistryPublisher publisher_{
        {.registry = "registry.test",
         .prefix = "team",
         .floating_tags = {"latest", "{version}-{destination}"}},
        registry_,
        blobs_,
        {}};
};

TEST_F(RegistryPublisherTest, NamesTheImageUniquelyAndMovesTheOtherTags) {
    const Publication first = publication("1", "first");
    const Publication second = publication("2", "second");
    const Receipt receipt = publisher_.publish(first);
    EXPECT_EQ(
        receipt.location,
        "registry.test/team/httpd:2.4_rc1-1.x86_64@" + first.manifest.digest.str());
    EXPECT_EQ(receipt.sha256, first.manifest.digest.hex());
    EXPECT_EQ(find("latest"), first.manifest.digest);
    publisher_.publish(second);
    EXPECT_EQ(find("2.4_rc1-1.x86_64"), first.manifest.digest);
    EXPECT_EQ(find("latest"), second.manifest.digest);
    EXPECT_EQ(find("2.4_rc1-f43-container"), second.manifest.digest);
}

TEST_F(RegistryPublisherTest, TakesOneTagAwayAndLeavesTheOthers) {
    const Publication first = publication("1", "same");
    const Publication second = publication("2", "same");
    publisher_.publish(first);
    publisher_.publish(second);
    EXPECT_TRUE(publisher_.retract(first));
    EXPECT_FALSE(find("2.4_rc1-1.x86_64"));
    EXPECT_EQ(find("2.4_rc1-2.x86_64"), second.manifest.digest);
    EXPECT_EQ(find("latest"), second.manifest.digest);
}

TEST_F(RegistryPublisherTest, RefusesPlacesThatAreNone) {
    for (const RegistryDestination& bad :
         {RegistryDestination{.registry = "registry.test", .prefix = "Team"},
          RegistryDestination{.registry = "", .prefix = "team"},
          RegistryDestination{.registry = "registry.test", .prefix = "../x"},
          RegistryDestination{.registry = "registry.test", .floating_tags = {"{nothing}"}},
          RegistryDestination{.registry = "registry.test", .floating_tags = {"a b"}}})
        EXPECT_EQ(
            code_of([&] { RegistryPublisher(bad, registry_, blobs_, {}); }),
            ErrorCode::InvalidArgument);
}

}  // namespace
}  // namespace nacre::publish
