#include "dockerfile/parser.hpp"
#include "engine/registry_base_images.hpp"
#include "exec/scripted_executor.hpp"
#include "registry/fetching_blob_store.hpp"
#include "registry/memory_registry.hpp"
#include "registry/push.hpp"
#include "source/memory_tree.hpp"
#include "store/copy_snapshotter.hpp"
#include "store/memory_blob_store.hpp"
#include "store/memory_image_names.hpp"
#include "support/build_machine.hpp"
#include "support/code_of.hpp"
#include "support/temp_dir.hpp"
#include "support/test_image.hpp"

namespace nacre::engine::test {
namespace {

const oci::Platform kPlatform{.os = "linux", .architecture = "amd64"};

/// A machine without any image, and a registry with "team/base:1".
class RemoteBaseTest : public testing::Test {
protected:
    RemoteBaseTest() {
        store::MemoryBlobStore elsewhere;
        StringSink tar;
        archive::TarWriter{tar}.finish();
        const oci::Descriptor image = nacre::test::write_image(elsewhere, tar.text());
        registry::push_image(
            registry_,
            elsewhere,
            image,
            oci::Reference::parse("registry.test/team/base:1"),
            {},
            {});
        context_.add_file("one.txt", "1");
    }

    BuildResult build(const std::string& dockerfile) {
        const dockerfile::ParseResult parsed = dockerfile::parse(dockerfile, "Dockerfile");
        BuildRequest request{.dockerfile = parsed.tree, .context = context_};
        request.plan.platform = kPlatform;
        request.plan.inputs.platform_args =
            dockerfile::make_platform_arguments("linux/amd64", "linux/amd64");
        RecordedProgress progress;
        const BuildServices services{
            .blobs = blobs_,
            .snapshots = snapshots_,
            .executor = executor_,
            .bases = bases_,
            .locks = folder_.path(),
            .indexes = folder_.path(),
            .temporary = folder_.path(),
            .cache_mounts = folder_.path() / "caches"};
        return engine::build(request, services, progress, {});
    }

    /// The layers of the base that were downloaded, if any.
    std::size_t count_fetched_layers() const {
        // Its configuration is fetched always.
        return registry_.opened().size() - 1;
    }

    nacre::test::TempDir folder_;
    source::MemoryTree context_{1'700'000'000};
    registry::MemoryRegistry registry_;
    registry::Origins origins_;
    store::MemoryBlobStore local_;
    registry::FetchingBlobStore blobs_{local_, origins_, registry_, {}};
    RegistryBaseImages bases_{registry_, origins_, "registry.test", {}};
    store::CopySnapshotter snapshots_{folder_.path() / "snapshots"};
    exec::ScriptedExecutor executor_{{}};
};

TEST_F(RemoteBaseTest, DownloadsNoLayerForAnImageThatOnlyAdds) {
    const BuildResult result =
        build("FROM team/base:1\nLABEL a=b\nENV C=d\nCOPY --link one.txt /two.txt\n");
    EXPECT_EQ(result.layers.size(), 2U);
    EXPECT_EQ(count_fetched_layers(), 0U);
}

TEST_F(RemoteBaseTest, KeepsNoLayerToKnowWhatIsInIt) {
    const BuildResult result =
        build("FROM team/base:1\nWORKDIR /srv\nCOPY one.txt ./\nCOPY one.txt two.txt\n");
    EXPECT_EQ(count_fetched_layers(), 1U);
    EXPECT_FALSE(local_.find(result.layers.front().blob.digest));
    EXPECT_TRUE(snapshots_.layers().empty());
    build("FROM team/base:1\nCOPY one.txt /three.txt\n");
    EXPECT_EQ(count_fetched_layers(), 2U) << "its configuration, and no layer once more";
}

TEST_F(RemoteBaseTest, MountsTheLayersOfTheBaseWhereTheImageIsPushed) {
    const BuildResult result = build("FROM registry.test/team/base:1\nLABEL a=b\n");
    const auto destination = oci::Reference::parse("registry.test/team/app:1");
    const auto report = registry::push_image(
        registry_, blobs_, result.manifest, destination, {.origins = &origins_}, {});
    EXPECT_EQ(report.blobs_mounted, 1U);
    EXPECT_EQ(report.blobs_copied, 1U);
    EXPECT_EQ(count_fetched_layers(), 0U);
}

TEST_F(RemoteBaseTest, BringsTheLayersOfTheBaseToAnotherRegistry) {
    const BuildResult result = build("FROM registry.test/team/base:1\nLABEL a=b\n");
    const auto destination = oci::Reference::parse("other.test/team/app:1");
    const auto report = registry::push_image(
        registry_, blobs_, result.manifest, destination, {.origins = &origins_}, {});
    EXPECT_EQ(report.blobs_copied, 2U);
    EXPECT_EQ(count_fetched_layers(), 1U);
    EXPECT_TRUE(local_.find(result.layers.front().blob.digest));
}

TEST_F(RemoteBaseTest, LooksElsewhereForWhatIsNotHere) {
    const store::MemoryImageNames names;
    const StoreBaseImages own{names, local_, "own.test"};
    const FirstBaseImages bases{own, bases_};
    const auto reference = oci::Reference::parse("registry.test/team/base:1");
    EXPECT_EQ(bases.get(reference, kPlatform).manifest.layers.size(), 1U);
    EXPECT_EQ(
        nacre::test::code_of(
            [&] { bases.get(oci::Reference::parse("registry.test/team/base:2"), kPlatform); }),
        ErrorCode::NotFound);
}

}  // namespace
}  // namespace nacre::engine::test
