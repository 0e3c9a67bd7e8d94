#include "contract/step_cache_contract.hpp"

#include "base/thread_group.hpp"

namespace nacre::engine::contract {
namespace {

StepKey key(char digit) {
    return {std::string(64, digit)};
}

StepRecord record(char digit) {
    const oci::Digest digest = oci::Digest::parse("sha256:" + std::string(64, digit));
    return {Layer{
        {.media_type = std::string{oci::kMediaTypeLayerGzip}, .digest = digest, .size = 7},
        oci::DiffId{oci::Digest::parse("sha256:" + std::string(64, 'f'))}}};
}

TEST_P(StepCacheContract, KnowsNothingAtFirst) {
    EXPECT_EQ(cache().find(key('a')), std::nullopt);
}

TEST_P(StepCacheContract, GivesBackWhatItKept) {
    cache().keep(key('a'), record('1'));
    EXPECT_EQ(cache().find(key('a')), record('1'));
    EXPECT_EQ(cache().find(key('b')), std::nullopt);
}

TEST_P(StepCacheContract, KnowsAStepWithoutALayer) {
    cache().keep(key('a'), {});
    EXPECT_EQ(cache().find(key('a')), StepRecord{});
}

TEST_P(StepCacheContract, ReplacesARecord) {
    cache().keep(key('a'), record('1'));
    cache().keep(key('a'), record('2'));
    EXPECT_EQ(cache().find(key('a')), record('2'));
}

TEST_P(StepCacheContract, ShowsWholeRecordsToThreads) {
    constexpr int kRounds = 200;
    cache().keep(key('a'), record('1'));
    ThreadGroup threads;
    threads.start("writer", [this](const std::stop_token&) {
        for (int i = 0; i < kRounds; ++i)
            cache().keep(key('a'), record(i % 2 == 0 ? '1' : '2'));
    });
    for (int i = 0; i < kRounds; ++i) {
        const auto found = cache().find(key('a'));
        ASSERT_TRUE(found);
        EXPECT_TRUE(*found == record('1') || *found == record('2'));
    }
}

}  // namespace
}  // namespace nacre::engine::contract
