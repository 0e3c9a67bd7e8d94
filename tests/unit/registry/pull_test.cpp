#include "registry/pull.hpp"

#include "registry/memory_registry.hpp"
#include "store/memory_blob_store.hpp"
#include "support/code_of.hpp"
#include "support/test_image.hpp"

#include <gmock/gmock.h>

namespace nacre::registry {
namespace {

using test::code_of;
using test::message_of;
using testing::HasSubstr;

const oci::Platform kAmd64{.os = "linux", .architecture = "amd64"};
const oci::Platform kArm64{.os = "linux", .architecture = "arm64"};

class PullTest : public testing::Test {
protected:
    PullTest() {
        oci::Index index{.media_type = std::string{oci::kMediaTypeIndex}};
        for (const char* architecture : {"amd64", "arm64"}) {
            oci::Descriptor image = test::write_image(remote_, architecture);
            image.platform = oci::Platform{.os = "linux", .architecture = architecture};
            index.manifests.push_back(image);
        }
        put("app:1", index);
        push(test::write_image(remote_, "single"), "single:1");
    }

    void push(const oci::Descriptor& image, const std::string& name) {
        push_image(
            registry_, remote_, image, oci::Reference::parse("registry.test/" + name), {}, {});
    }

    void put(const std::string& name, const oci::Index& index) {
        const std::string bytes = oci::render(index);
        push(
            {.media_type = index.media_type,
             .digest = store::write_blob(remote_, bytes),
             .size = bytes.size()},
            name);
    }

    ResolvedImage resolve(const std::string& name, const oci::Platform& platform = kAmd64) {
        return resolve_image(
            registry_, oci::Reference::parse("registry.test/" + name), platform, {});
    }

    CopyReport pull(const std::string& name, const PullOptions& options = {}) {
        return pull_image(
            registry_, oci::Reference::parse("registry.test/" + name), local_, options, {});
    }

    store::MemoryBlobStore remote_;
    store::MemoryBlobStore local_;
    MemoryRegistry registry_;
};

TEST_F(PullTest, ResolvesAnIndexForAPlatformWithoutTouchingALayer) {
    const ResolvedImage image = resolve("app:1", kArm64);
    EXPECT_EQ(image.repository.str(), "registry.test/app");
    EXPECT_EQ(image.descriptor.digest, test::write_image(remote_, "arm64").digest);
    ASSERT_EQ(image.manifest.layers.size(), 1U);
    EXPECT_EQ(image.config.diff_ids.front().digest, image.manifest.layers.front().digest);
    EXPECT_THAT(registry_.opened(), testing::ElementsAre(image.manifest.config.digest));
}

TEST_F(PullTest, ResolvesByDigest) {
    const std::string digest = test::write_image(remote_, "single").digest.str();
    EXPECT_EQ(resolve("single@" + digest).descriptor.digest.str(), digest);
    EXPECT_EQ(resolve("single:gone@" + digest).descriptor.digest.str(), digest);
}

TEST_F(PullTest, SaysWhichPlatformsThereAre) {
    const oci::Platform power{.os = "linux", .architecture = "ppc64le"};
    EXPECT_THAT(
        message_of([&] { resolve("app:1", power); }),
        HasSubstr(
            "image 'registry.test/app:1': it is not there for linux/ppc64le, only for linux/amd64, "
            "linux/arm64"));
}

TEST_F(PullTest, SaysWhichTagIsLikeTheOneThatIsMissing) {
    push(test::write_image(remote_, "layer"), "named:bookworm");
    try {
        resolve("named:bookwrm");
        FAIL() << "found";
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::NotFound);
        EXPECT_EQ(error.hint(), "did you mean tag 'bookworm'?");
    }
    EXPECT_EQ(code_of([&] { resolve("nobody/knows:1"); }), ErrorCode::NotFound);
}

TEST_F(PullTest, RefusesIndexesThatLeadToIndexes) {
    oci::Index index{.media_type = std::string{oci::kMediaTypeIndex}};
    index.manifests.push_back(test::write_image(remote_, "deep"));
    index.manifests.back().platform = kAmd64;
    for (int depth = 0; depth < 4; ++depth) {
        const std::string bytes = oci::render(index);
        const Repository repository{"registry.test", "deep"};
        Document document{
            .descriptor =
                {.media_type = index.media_type,
                 .digest = store::write_blob(remote_, bytes),
                 .size = bytes.size()},
            .bytes = bytes};
        if (depth == 0) push(document.descriptor, "deep:0");
        registry_.put_manifest(repository, std::to_string(depth), document, {});
        index.manifests = {document.descriptor};
        index.manifests.back().platform = kAmd64;
    }
    EXPECT_EQ(resolve("deep:1").manifest.layers.size(), 1U);
    EXPECT_EQ(code_of([&] { resolve("deep:3"); }), ErrorCode::DataCorrupt);
    EXPECT_EQ(code_of([&] { pull("deep:3"); }), ErrorCode::DataCorrupt);
}

TEST_F(PullTest, PullsAnIndexWithAllItsImages) {
    const CopyReport report = pull("app:1");
    EXPECT_EQ(report.image.media_type, oci::kMediaTypeIndex);
    EXPECT_EQ(report.blobs_copied, 4U);
    EXPECT_EQ(local_.list().size(), 7U);
    EXPECT_EQ(pull("app:1").blobs_present, 4U);
}

TEST_F(PullTest, PullsTheImageOfOnePlatform) {
    const CopyReport report = pull("app:1", {.platform = kArm64});
    EXPECT_EQ(report.image.digest, test::write_image(remote_, "arm64").digest);
    EXPECT_EQ(local_.list().size(), 3U);
    EXPECT_TRUE(local_.find(report.image.digest));
}

}  // namespace
}  // namespace nacre::registry
