#include "contract/repositories_contract.hpp"
#include "distgit/git_repositories.hpp"
#include "distgit/memory_repositories.hpp"
#include "support/temp_dir.hpp"

namespace nacre::distgit::contract {
namespace {

class MemoryFixture final : public RepositoriesFixture {
public:
    Repositories& repositories() override { return repositories_; }

private:
    MemoryRepositories repositories_{clock_};
};

class GitFixture final : public RepositoriesFixture {
public:
    Repositories& repositories() override { return repositories_; }

private:
    test::TempDir root_;
    os::SystemProcessRunner runner_;
    GitRepositories repositories_{{.root = root_.path()}, runner_, clock_};
};

INSTANTIATE_TEST_SUITE_P(
    Implementations,
    RepositoriesContract,
    testing::Values(
        RepositoriesImplementation{"Memory", [] { return std::make_unique<MemoryFixture>(); }},
        RepositoriesImplementation{"Git", [] { return std::make_unique<GitFixture>(); }}),
    [](const auto& tested) { return tested.param.name; });

}  // namespace
}  // namespace nacre::distgit::contract
