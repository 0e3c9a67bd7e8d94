#include "contract/lookaside_contract.hpp"
#include "distgit/directory_lookaside.hpp"
#include "distgit/memory_lookaside.hpp"
#include "support/temp_dir.hpp"

namespace nacre::distgit::contract {
namespace {

class MemoryFixture final : public LookasideFixture {
public:
    Lookaside& lookaside() override { return lookaside_; }

private:
    MemoryLookaside lookaside_{clock_};
};

class DirectoryFixture final : public LookasideFixture {
public:
    Lookaside& lookaside() override { return lookaside_; }

    bool has_leftovers() const override {
        for (const auto& entry : std::filesystem::directory_iterator{root_.path()})
            if (entry.path().filename().string().starts_with("tmp-")) return true;
        return false;
    }

private:
    test::TempDir root_;
    DirectoryLookaside lookaside_{root_.path(), clock_};
};

INSTANTIATE_TEST_SUITE_P(
    Implementations,
    LookasideContract,
    testing::Values(
        LookasideImplementation{"Memory", [] { return std::make_unique<MemoryFixture>(); }},
        LookasideImplementation{"Directory", [] { return std::make_unique<DirectoryFixture>(); }}),
    [](const auto& tested) { return tested.param.name; });

}  // namespace
}  // namespace nacre::distgit::contract
