#include "contract/http_client_contract.hpp"
#include "support/http_fixture.hpp"
#include "support/scripted_http_client.hpp"

namespace nacre {
namespace {

class Curl final : public HttpClientUnderTest {
public:
    explicit Curl(http::Handler& handler) : fixture_{handler} {}

    http::Client& client() override { return fixture_.client; }

    std::string url() const override { return fixture_.url(""); }

private:
    test::HttpFixture fixture_;
};

class Scripted final : public HttpClientUnderTest {
public:
    explicit Scripted(http::Handler& handler) : client_{handler} {}

    http::Client& client() override { return client_; }

    std::string url() const override { return "http://hub.test"; }

private:
    test::ScriptedHttpClient client_;
};

template <class UnderTest>
HttpClientImplementation implementation(std::string name) {
    return {.name = std::move(name), .make = [](http::Handler& handler) {
                return std::make_unique<UnderTest>(handler);
            }};
}

INSTANTIATE_TEST_SUITE_P(
    Implementations,
    HttpClientContract,
    testing::Values(implementation<Curl>("Curl"), implementation<Scripted>("Scripted")),
    [](const auto& tested) { return tested.param.name; });

}  // namespace
}  // namespace nacre
