#include "contract/step_cache_contract.hpp"
#include "engine/step_transfer.hpp"
#include "support/temp_dir.hpp"

namespace nacre::engine::contract {
namespace {

class MemoryFixture final : public StepCacheFixture {
public:
    StepCache& cache() override { return cache_; }

private:
    MemoryStepCache cache_;
};

class DirectoryFixture final : public StepCacheFixture {
public:
    StepCache& cache() override { return cache_; }

private:
    nacre::test::TempDir root_;
    DirectoryStepCache cache_{root_.path() / "cache"};
};

class RecordingFixture final : public StepCacheFixture {
public:
    StepCache& cache() override { return cache_; }

private:
    MemoryStepCache next_;
    RecordingStepCache cache_{next_};
};

class ImportedFixture final : public StepCacheFixture {
public:
    StepCache& cache() override { return cache_; }

private:
    MemoryStepCache next_;
    ImportedStepCache cache_{
        next_, {{StepKey{std::string(64, 'e')}, {}}}, [](const StepKey&, const StepRecord&) {
            return true;
        }};
};

INSTANTIATE_TEST_SUITE_P(
    Implementations,
    StepCacheContract,
    testing::Values(
        StepCacheImplementation{"Memory", [] { return std::make_unique<MemoryFixture>(); }},
        StepCacheImplementation{"Directory", [] { return std::make_unique<DirectoryFixture>(); }},
        StepCacheImplementation{"Recording", [] { return std::make_unique<RecordingFixture>(); }},
        StepCacheImplementation{"Imported", [] { return std::make_unique<ImportedFixture>(); }}),
    [](const auto& tested) { return tested.param.name; });

}  // namespace
}  // namespace nacre::engine::contract
