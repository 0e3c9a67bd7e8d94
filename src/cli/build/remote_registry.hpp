#pragma once

#include "base/clock.hpp"
#include "base/random.hpp"
#include "cli/build/options.hpp"
#include "http/client.hpp"
#include "os/process.hpp"
#include "registry/auth_file.hpp"
#include "registry/http_registry.hpp"
#include "registry/oci_layout_registry.hpp"

#include <memory>
#include <mutex>

namespace nacre::cli::build {

/// The registries of the world with the credentials of the user's auth files. HTTP client and files are opened by the first request:
/// a build that needs no registry pays for none.
class RemoteRegistry {
public:
    /// `processes` outlives it.
    RemoteRegistry(const Environment& environment, os::ProcessRunner& processes)
        : client_{},
          credentials_{environment, processes},
          registry_{{client_, credentials_, clock_, random_}},
          layouts_{registry_} {}

    /// OCI layouts in folders too, as registry::kLayoutRegistry.
    registry::Registry& registry() noexcept { return layouts_; }

    http::Client& client() noexcept { return client_; }

private:
    class LazyClient final : public http::Client {
    public:
        http::ClientResponse exchange(
            const http::ClientRequest& request, std::stop_token stop) override {
            return client().exchange(request, std::move(stop));
        }

        http::ClientStream open(const http::ClientRequest& request, std::stop_token stop) override {
            return client().open(request, std::move(stop));
        }

    private:
        http::Client& client() {
            std::call_once(
                once_, [this] { client_ = std::make_unique<http::CurlClient>("nacre"); });
            return *client_;
        }

        std::once_flag once_;
        std::unique_ptr<http::Client> client_;
    };

    class LazyCredentials final : public registry::CredentialSource {
    public:
        LazyCredentials(Environment environment, os::ProcessRunner& processes)
            : environment_{std::move(environment)},
              processes_{processes} {}

        std::optional<registry::Credentials> find(
            const registry::Repository& repository, std::stop_token stop) const override;

    private:
        const Environment environment_;
        os::ProcessRunner& processes_;
        mutable std::once_flag once_;
        mutable std::unique_ptr<registry::AuthFileCredentials> files_;
    };

    SystemClock clock_;
    SystemRandom random_;
    LazyClient client_;
    LazyCredentials credentials_;
    registry::HttpRegistry registry_;
    registry::OciLayoutRegistry layouts_;
};

}  // namespace nacre::cli::build
