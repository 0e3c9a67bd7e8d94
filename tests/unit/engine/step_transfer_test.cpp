#include "engine/step_transfer.hpp"

#include "store/memory_blob_store.hpp"
#include "support/code_of.hpp"

#include <gtest/gtest.h>

namespace nacre::engine {
namespace {

using test::code_of;

StepKey key(char digit) {
    return {std::string(64, digit)};
}

StepRecord record(char digit) {
    const oci::Digest digest = oci::Digest::parse("sha256:" + std::string(64, digit));
    return {Layer{
        {.media_type = std::string{oci::kMediaTypeLayerGzip}, .digest = digest, .size = 7},
        oci::DiffId{oci::Digest::parse("sha256:" + std::string(64, 'f'))}}};
}

const StepRecords kThree{{key('a'), record('1')}, {key('b'), record('2')}, {key('c'), {}}};

TEST(StepTransfer, AnArtifactHasTheRecordsAndNamesEachLayerOnce) {
    store::MemoryBlobStore blobs;
    StepRecords steps = kThree;
    steps.emplace(key('d'), record('1'));
    const oci::Descriptor image = write_steps(blobs, steps);
    const oci::Manifest manifest =
        oci::parse_manifest(store::read_blob(blobs, image.digest, image.size), image.media_type);
    EXPECT_EQ(manifest.config.media_type, kMediaTypeSteps);
    EXPECT_EQ(manifest.layers.size(), 2U);
    EXPECT_EQ(
        parse_steps(store::read_blob(blobs, manifest.config.digest, manifest.config.size)), steps);
}

TEST(StepTransfer, AnAnnotationNamesTheLayersByTheirNumbers) {
    const std::vector<Layer> layers{*record('2').layer, *record('1').layer};
    const std::string text = render_inline_steps(kThree, layers);
    EXPECT_EQ(parse_inline_steps(text, layers), kThree);
    EXPECT_EQ(code_of([&] { parse_inline_steps(text, {layers[0]}); }), ErrorCode::DataCorrupt);
    EXPECT_THROW(render_inline_steps(kThree, {layers[0]}), Error);
}

TEST(StepTransfer, OfAnImageAreTheStepsWhoseLayersItHas) {
    const StepRecords found = steps_of_layers(kThree, {*record('2').layer});
    EXPECT_EQ(found, (StepRecords{{key('b'), record('2')}, {key('c'), {}}}));
}

TEST(StepTransfer, RefusesWhatIsNoListOfSteps) {
    for (
        const char* text :
        {"",
         "[]",
         "{}",
         R"({"version":2,"steps":[]})",
         R"({"version":1,"steps":[{}]})",
         R"({"version":1,"steps":[{"key":"../../../../../../etc/passwd"}]})",
         R"({"version":1,"steps":[{"key":"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa","layer":{}}]})"})
        EXPECT_EQ(code_of([&] { parse_steps(text); }), ErrorCode::DataCorrupt) << text;
    EXPECT_EQ(code_of([] { parse_inline_steps("{\"/\":null}", {}); }), ErrorCode::DataCorrupt);
}

TEST(StepTransfer, AnImportedStepIsAskedForOnceAndThenKnown) {
    MemoryStepCache own;
    int asked = 0;
    const ImportedStepCache cache{own, kThree, [&](const StepKey&, const StepRecord&) {
                                      ++asked;
                                      return true;
                                  }};
    EXPECT_EQ(cache.find(key('a')), record('1'));
    EXPECT_EQ(own.find(key('a')), record('1'));
    EXPECT_EQ(cache.find(key('9')), std::nullopt);
    EXPECT_EQ(asked, 1);
}

TEST(StepTransfer, AnImportedStepWhoseLayerCannotBeHadIsNotKnown) {
    MemoryStepCache own;
    own.keep(key('b'), record('9'));
    const ImportedStepCache cache{
        own, kThree, [](const StepKey&, const StepRecord&) { return false; }};
    EXPECT_EQ(cache.find(key('a')), std::nullopt);
    EXPECT_EQ(own.find(key('a')), std::nullopt);
    EXPECT_EQ(cache.find(key('b')), record('9'));
}

TEST(StepTransfer, NeverReplacesWhatTheMachineKnowsItself) {
    MemoryStepCache own;
    own.keep(key('a'), record('9'));
    const ImportedStepCache cache{
        own, kThree, [](const StepKey&, const StepRecord&) { return true; }};
    EXPECT_EQ(cache.find(key('a')), record('9'));
}

TEST(StepTransfer, RecordsWhatABuildFoundAndMade) {
    MemoryStepCache own;
    own.keep(key('a'), record('1'));
    RecordingStepCache cache{own};
    EXPECT_EQ(cache.find(key('a')), record('1'));
    EXPECT_EQ(cache.find(key('9')), std::nullopt);
    cache.keep(key('b'), record('2'));
    EXPECT_EQ(cache.steps(), (StepRecords{{key('a'), record('1')}, {key('b'), record('2')}}));
}

}  // namespace
}  // namespace nacre::engine
