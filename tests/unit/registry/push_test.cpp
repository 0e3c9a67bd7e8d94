#include "registry/push.hpp"

#include "oci/manifest.hpp"
#include "registry/memory_registry.hpp"
#include "store/faulty_blob_store.hpp"
#include "store/memory_blob_store.hpp"
#include "support/code_of.hpp"
#include "support/test_image.hpp"

#include <gmock/gmock.h>

namespace nacre::registry {
namespace {

using test::code_of;
using testing::HasSubstr;
using testing::UnorderedElementsAre;

class PushTest : public testing::Test {
protected:
    CopyReport push(
        const oci::Descriptor& image,
        const std::string& destination,
        const PushOptions& options = {}) {
        return push_image(
            registry_, blobs_, image, oci::Reference::parse(destination), options, {});
    }

    std::optional<Document> find(const std::string& reference) {
        return registry_.find_manifest(oci::Reference::parse(reference), {});
    }

    /// An index of two images.
    oci::Descriptor write_index() {
        oci::Index index{.media_type = std::string{oci::kMediaTypeIndex}};
        for (const char* architecture : {"amd64", "arm64"}) {
            oci::Descriptor image = test::write_image(blobs_, architecture);
            image.platform = oci::Platform{.os = "linux", .architecture = architecture};
            index.manifests.push_back(image);
        }
        const std::string bytes = oci::render(index);
        return {
            .media_type = index.media_type,
            .digest = store::write_blob(blobs_, bytes),
            .size = bytes.size()};
    }

    store::MemoryBlobStore blobs_;
    MemoryRegistry registry_;
};

TEST_F(PushTest, PushesAnImageUnderAllItsTags) {
    const oci::Descriptor image = test::write_image(blobs_, "layer");
    const CopyReport report =
        push(image, "registry.test/team/app:1.0", {.tags = {"1", "latest", "1.0"}});
    EXPECT_EQ(report.image, image);
    EXPECT_EQ(report.blobs_copied, 2U);
    EXPECT_GT(report.bytes_copied, 5U);
    EXPECT_THAT(
        registry_.tags({"registry.test", "team/app"}, {}),
        UnorderedElementsAre("1", "1.0", "latest"));
    ASSERT_TRUE(find("registry.test/team/app:1"));
    EXPECT_EQ(find("registry.test/team/app:1")->descriptor, image);
}

TEST_F(PushTest, CopiesOnlyWhatIsMissing) {
    push(test::write_image(blobs_, "layer"), "registry.test/app:1");
    const CopyReport again = push(test::write_image(blobs_, "layer"), "registry.test/app:2");
    EXPECT_EQ(again.blobs_copied, 0U);
    EXPECT_EQ(again.blobs_present, 2U);
    EXPECT_EQ(again.bytes_copied, 0U);
}

TEST_F(PushTest, MountsWhatIsKnownToBeInTheSameRegistry) {
    const oci::Descriptor image = test::write_image(blobs_, "layer");
    push(image, "registry.test/base:1");
    Origins origins;
    const auto manifest =
        oci::parse_manifest(store::read_blob(blobs_, image.digest, image.size), image.media_type);
    origins.add(manifest.layers.front(), {"other.test", "base"});
    origins.add(manifest.layers.front(), {"registry.test", "nothing/here"});
    origins.add(manifest.layers.front(), {"registry.test", "base"});
    // Nothing but mounting can bring it there.
    blobs_.remove(manifest.layers.front().digest);
    const CopyReport report = push(image, "registry.test/app:1", {.origins = &origins});
    EXPECT_EQ(report.blobs_mounted, 1U);
    EXPECT_EQ(report.blobs_copied, 1U);
    EXPECT_TRUE(find("registry.test/app:1"));
}

TEST_F(PushTest, PushesAnIndexWithItsImages) {
    const oci::Descriptor index = write_index();
    const CopyReport report = push(index, "registry.test/app:1", {.parallel = 1});
    EXPECT_EQ(report.blobs_copied, 4U);
    ASSERT_TRUE(find("registry.test/app:1"));
    EXPECT_EQ(find("registry.test/app:1")->descriptor.digest, index.digest);
}

TEST_F(PushTest, TellsWhatBecameOfEachBlob) {
    Guarded<std::vector<BlobFate>> fates;
    const PushOptions options{
        .listener = [&](const BlobEvent& event) { fates.lock()->push_back(event.fate); }};
    push(test::write_image(blobs_, "layer"), "registry.test/app:1", options);
    push(test::write_image(blobs_, "layer"), "registry.test/app:1", options);
    EXPECT_THAT(
        *fates.lock(),
        testing::ElementsAre(
            BlobFate::Copied, BlobFate::Copied, BlobFate::Present, BlobFate::Present));
}

TEST_F(PushTest, GivesNoNameWhenABlobIsMissing) {
    const oci::Descriptor index = write_index();
    const oci::Descriptor image = test::write_image(blobs_, "arm64");
    const auto manifest =
        oci::parse_manifest(store::read_blob(blobs_, image.digest, image.size), image.media_type);
    blobs_.remove(manifest.layers.front().digest);
    EXPECT_EQ(code_of([&] { push(index, "registry.test/app:1"); }), ErrorCode::NotFound);
    EXPECT_FALSE(find("registry.test/app:1"));
}

TEST_F(PushTest, GivesNoNameWhicheverCallFails) {
    const oci::Descriptor index = write_index();
    bool failed = true;
    for (int call = 1; failed; ++call) {
        ASSERT_LT(call, 200);
        store::FaultyBlobStore faulty{blobs_, call};
        MemoryRegistry registry;
        const auto destination = oci::Reference::parse("registry.test/app:1");
        try {
            push_image(registry, faulty, index, destination, {}, {});
            failed = false;
        } catch (const Error&) {
            EXPECT_FALSE(registry.find_manifest(destination, {})) << call;
        }
    }
}

TEST_F(PushTest, RefusesADigestThatIsNotTheImages) {
    const oci::Descriptor image = test::write_image(blobs_, "layer");
    const oci::Descriptor other = test::write_image(blobs_, "other");
    EXPECT_EQ(
        code_of([&] { push(image, "registry.test/app@" + other.digest.str()); }),
        ErrorCode::InvalidArgument);
    push(image, "registry.test/app@" + image.digest.str());
    EXPECT_TRUE(registry_.tags({"registry.test", "app"}, {}).empty());
}

TEST_F(PushTest, RefusesBadOptions) {
    const oci::Descriptor image = test::write_image(blobs_, "layer");
    EXPECT_THAT(
        test::message_of([&] { push(image, "registry.test/app:1", {.tags = {"a b"}}); }),
        HasSubstr("pushing to 'registry.test/app:1': tag 'a b' needs"));
    for (const std::size_t parallel : {std::size_t{0}, std::size_t{65}})
        EXPECT_EQ(
            code_of([&] { push(image, "registry.test/app:1", {.parallel = parallel}); }),
            ErrorCode::InvalidArgument);
}

TEST_F(PushTest, StopsWhenAsked) {
    const oci::Descriptor image = test::write_image(blobs_, "layer");
    std::stop_source stop;
    stop.request_stop();
    EXPECT_THROW(
        push_image(
            registry_,
            blobs_,
            image,
            oci::Reference::parse("registry.test/app:1"),
            {},
            stop.get_token()),
        Cancelled);
}

}  // namespace
}  // namespace nacre::registry
