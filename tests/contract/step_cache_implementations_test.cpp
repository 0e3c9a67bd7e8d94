#include "contract/step_cache_contract.hpp"
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

INSTANTIATE_TEST_SUITE_P(
    Implementations,
    StepCacheContract,
    testing::Values(
        StepCacheImplementation{"Memory", [] { return std::make_unique<MemoryFixture>(); }},
        StepCacheImplementation{"Directory", [] { return std::make_unique<DirectoryFixture>(); }}),
    [](const auto& tested) { return tested.param.name; });

}  // namespace
}  // namespace nacre::engine::contract
