#include "contract/registry_contract.hpp"
#include "registry/memory_registry.hpp"

namespace nacre::registry::contract {
namespace {

class MemoryFixture final : public RegistryFixture {
public:
    Registry& registry() override { return registry_; }

    std::string address() const override { return "registry.test"; }

private:
    MemoryRegistry registry_;
};

INSTANTIATE_TEST_SUITE_P(
    Implementations,
    RegistryContract,
    testing::Values(RegistryImplementation{
        "Memory", [] { return std::make_unique<MemoryFixture>(); }}),
    [](const auto& tested) { return tested.param.name; });

}  // namespace
}  // namespace nacre::registry::contract
