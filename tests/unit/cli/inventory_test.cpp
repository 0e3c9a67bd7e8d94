#include "cli/build/inventory.hpp"

#include "store/memory_blob_store.hpp"
#include "support/test_image.hpp"

#include <gmock/gmock.h>

namespace nacre::cli::build {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

oci::Digest digest_of(char digit) {
    return oci::Digest::parse("sha256:" + std::string(64, digit));
}

/// Image "app" of blob 1 (manifest) and 2 (layer a); steps s (layer a in blob 2, at 10) and t (layer b in blob 3, at 20); blob 4 and
/// layer c that nobody needs, at 30. Each blob has 100 bytes, each unpacked layer 1000, each record 1.
class PruneTest : public testing::Test {
protected:
    PruneTest() {
        inventory.images.push_back(
            {"app:1", digest_of('1'), {digest_of('1'), digest_of('2')}, {digest_of('a')}});
        add_step('5', '2', 'a', 10);
        add_step('6', '3', 'b', 20);
        for (const char blob : {'1', '2', '3'})
            inventory.blobs.push_back({digest_of(blob), 100, 5});
        inventory.blobs.push_back({digest_of('4'), 100, 30});
        for (const char layer : {'a', 'b'})
            inventory.unpacked.push_back({{digest_of(layer)}, 1000, 5});
        inventory.unpacked.push_back({{digest_of('c')}, 1000, 30});
    }

    void add_step(char key, char blob, char layer, std::int64_t last_use) {
        const oci::Descriptor descriptor{
            .media_type = std::string{oci::kMediaTypeLayer},
            .digest = digest_of(blob),
            .size = 100};
        inventory.steps.push_back(
            {{std::string(64, key)},
             engine::StepRecord{engine::Layer{descriptor, {digest_of(layer)}}},
             1,
             last_use});
    }

    PrunePlan plan(const PruneOptions& options = {}) const {
        return plan_prune(inventory, uses, options);
    }

    Inventory inventory;
    std::set<oci::Digest> uses;
};

TEST_F(PruneTest, TakesTheCacheAndLeavesNamedImages) {
    const PrunePlan all = plan();
    EXPECT_THAT(all.images, IsEmpty());
    EXPECT_EQ(all.steps.size(), 2U);
    EXPECT_THAT(all.blobs, UnorderedElementsAre(digest_of('3'), digest_of('4')));
    EXPECT_THAT(
        all.unpacked,
        UnorderedElementsAre(oci::DiffId{digest_of('b')}, oci::DiffId{digest_of('c')}));
    EXPECT_EQ(all.bytes, 2U + 200U + 2000U);
}

TEST_F(PruneTest, TakesNamedImagesWhenItIsTold) {
    const PrunePlan all = plan({.all = true});
    EXPECT_THAT(all.images, ElementsAre("app:1"));
    EXPECT_EQ(all.bytes, 2U + 400U + 3000U);
}

TEST_F(PruneTest, LeavesWhatARunningBuildUses) {
    uses = {digest_of('1'), digest_of('2'), digest_of('a'), digest_of('3'), digest_of('c')};
    const PrunePlan some = plan({.all = true});
    EXPECT_THAT(some.images, IsEmpty());
    EXPECT_THAT(some.blobs, ElementsAre(digest_of('4')));
    EXPECT_THAT(some.unpacked, ElementsAre(oci::DiffId{digest_of('b')}));
}

TEST_F(PruneTest, LeavesWhatWasUsedSince) {
    const PrunePlan old = plan({.before = 20});
    ASSERT_EQ(old.steps.size(), 1U);
    EXPECT_EQ(old.steps.front().hex, std::string(64, '5'));
    EXPECT_THAT(old.blobs, IsEmpty());
    EXPECT_EQ(plan({.before = 0}).bytes, 0U);
}

TEST_F(PruneTest, StopsWhenLittleEnoughIsLeft) {
    const std::uint64_t total = 2 + 400 + 3000;
    EXPECT_EQ(plan({.keep_bytes = total}).bytes, 0U);
    const PrunePlan some = plan({.keep_bytes = total - 2});
    EXPECT_EQ(some.steps.size(), 2U);
    EXPECT_THAT(some.blobs, ElementsAre(digest_of('3')));
}

TEST_F(PruneTest, TakesCacheMountsByTheirAge) {
    inventory.mounts.push_back({"old", 10, 1});
    inventory.mounts.push_back({"new", 10, 100});
    EXPECT_THAT(plan({.before = 10}).mounts, ElementsAre("old"));
    EXPECT_EQ(plan().mounts.size(), 2U);
}

TEST_F(PruneTest, TakesCacheMountsAloneWhenItIsTold) {
    inventory.mounts.push_back({"old", 10, 1});
    inventory.mounts.push_back({"new", 20, 100});
    const PrunePlan all = plan({.only_mounts = true});
    EXPECT_THAT(all.mounts, ElementsAre("old", "new"));
    EXPECT_EQ(all.bytes, 30U);
    EXPECT_TRUE(all.steps.empty() && all.blobs.empty() && all.unpacked.empty());
    EXPECT_THAT(plan({.keep_bytes = 20, .only_mounts = true}).mounts, ElementsAre("old"));
    EXPECT_THAT(plan({.before = 50, .only_mounts = true}).mounts, ElementsAre("old"));
}

TEST_F(PruneTest, ForgetsADamagedRecord) {
    inventory.steps.front().record = std::nullopt;
    EXPECT_EQ(plan().steps.size(), 2U);
}

TEST_F(PruneTest, CountsEachByteOnce) {
    std::uint64_t total = 0;
    for (const Usage& usage : summarize(inventory))
        total += usage.bytes;
    EXPECT_EQ(total, 2U + 400U + 3000U);
}

TEST(ImageParts, AreAllThatAnImageConsistsOf) {
    store::MemoryBlobStore blobs;
    const oci::Descriptor image = test::write_image(blobs, "layer");
    const Inventory::Image parts = image_parts(blobs, "app", image.digest);
    EXPECT_EQ(parts.blobs.size(), 3U);
    EXPECT_EQ(parts.layers.size(), 1U);
}

TEST(ImageParts, OfAnIndexAreThoseOfItsImages) {
    store::MemoryBlobStore blobs;
    const oci::Descriptor image = test::write_image(blobs, "layer");
    const std::string index = oci::render(oci::Index{
        .media_type = std::string{oci::kMediaTypeIndex}, .manifests = {image}, .annotations = {}});
    const Inventory::Image parts = image_parts(blobs, "app", store::write_blob(blobs, index));
    EXPECT_EQ(parts.blobs.size(), 4U);
    EXPECT_EQ(parts.layers.size(), 1U);
}

TEST(ImageParts, OfWhatIsNoImageAreItselfOnly) {
    store::MemoryBlobStore blobs;
    for (const char* text : {"", "no json", "{}", R"({"config":7})"}) {
        const oci::Digest digest = store::write_blob(blobs, text);
        EXPECT_THAT(image_parts(blobs, "", digest).blobs, ElementsAre(digest)) << text;
    }
    EXPECT_THAT(image_parts(blobs, "", digest_of('1')).blobs, ElementsAre(digest_of('1')));
}

}  // namespace
}  // namespace nacre::cli::build
