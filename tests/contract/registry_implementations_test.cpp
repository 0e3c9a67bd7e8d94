#include "contract/registry_contract.hpp"
#include "registry/http_registry.hpp"
#include "registry/memory_registry.hpp"
#include "registry/oci_layout_registry.hpp"
#include "support/docker_registry.hpp"
#include "support/served_registry.hpp"
#include "support/temp_dir.hpp"

#include <optional>

namespace nacre::registry::contract {
namespace {

class MemoryFixture final : public RegistryFixture {
public:
    Registry& registry() override { return registry_; }

    std::string address() const override { return "registry.test"; }

private:
    MemoryRegistry registry_;
};

class LayoutFixture final : public RegistryFixture {
public:
    Registry& registry() override { return layouts_; }

    std::string address() const override { return std::string{kLayoutRegistry}; }

private:
    test::TempDir root_;
    MemoryRegistry others_;
    OciLayoutRegistry layouts_{others_, root_.path()};
};

class BesideLayoutsFixture final : public RegistryFixture {
public:
    Registry& registry() override { return layouts_; }

    std::string address() const override { return "registry.test"; }

private:
    test::TempDir root_;
    MemoryRegistry others_;
    OciLayoutRegistry layouts_{others_, root_.path()};
};

/// A client with small chunks, so that larger blobs need several.
class HttpFixture : public RegistryFixture {
public:
    Registry& registry() override { return registry_; }

private:
    http::CurlClient http_{"nacre-test"};
    FixedCredentials credentials_;
    SystemClock clock_;
    SeededRandom random_{1};
    HttpRegistry registry_{{http_, credentials_, clock_, random_}, {.chunk_bytes = 100'000}};
};

class OwnServerFixture final : public HttpFixture {
public:
    std::string address() const override { return server_.address(); }

private:
    test::ServedRegistry server_;
};

class DockerRegistryFixture final : public HttpFixture {
public:
    DockerRegistryFixture() {
        if (test::DockerRegistry::is_installed()) server_.emplace();
    }

    std::string address() const override { return server_ ? server_->address() : ""; }

    std::string obstacle() const override {
        return server_ ? "" : "Debian's package docker-registry is not installed";
    }

private:
    std::optional<test::DockerRegistry> server_;
};

template <class Fixture>
RegistryImplementation implementation(std::string name) {
    return {std::move(name), [] { return std::make_unique<Fixture>(); }};
}

INSTANTIATE_TEST_SUITE_P(
    Implementations,
    RegistryContract,
    testing::Values(
        implementation<MemoryFixture>("Memory"),
        implementation<LayoutFixture>("Layout"),
        implementation<BesideLayoutsFixture>("BesideLayouts"),
        implementation<OwnServerFixture>("HttpToOwnServer"),
        implementation<DockerRegistryFixture>("HttpToDockerRegistry")),
    [](const auto& tested) { return tested.param.name; });

}  // namespace
}  // namespace nacre::registry::contract
