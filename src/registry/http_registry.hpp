#pragma once

#include "base/clock.hpp"
#include "base/random.hpp"
#include "http/client.hpp"
#include "registry/credentials.hpp"
#include "registry/registry.hpp"

#include <chrono>
#include <memory>
#include <set>
#include <string>

namespace nacre::registry {

struct HttpRegistryOptions {
    /// "host[:port]" of registries that are spoken to without TLS, beside those on this machine.
    std::set<std::string> insecure_registries;
    /// A larger blob is uploaded in pieces of this size, so that a broken connection costs one of them at most.
    std::uint64_t chunk_bytes = 64U << 20U;
    int attempts = 4;  ///< of a request, in all
    std::chrono::milliseconds first_pause{
        500};  ///< before the second attempt; doubles, with jitter
    std::chrono::milliseconds retry_after_max{
        60'000};  ///< a registry that asks for more is refused
};

/// Over HTTP, with Basic and Bearer authentication (Docker's token protocol) and bounded retries. Credentials go to the registry and
/// to the token server that it names, over TLS unless the registry itself is used without; never to where a redirect leads.
class HttpRegistry final : public Registry {
public:
    /// The parts outlive it.
    struct Parts {
        http::Client& http;
        const CredentialSource& credentials;
        const Clock& clock;
        Random& random;
    };

    explicit HttpRegistry(const Parts& parts, HttpRegistryOptions options = {});
    ~HttpRegistry() override;

    std::optional<Document> find_manifest(
        const oci::Reference& reference, std::stop_token stop) override;
    std::optional<oci::Descriptor> find_manifest_descriptor(
        const oci::Reference& reference, std::stop_token stop) override;
    std::optional<std::uint64_t> find_blob(
        const Repository& repository, const oci::Digest& digest, std::stop_token stop) override;
    std::unique_ptr<ByteSource> open_blob(
        const Repository& repository, const oci::Descriptor& blob, std::stop_token stop) override;
    bool try_mount(
        const Repository& to,
        const Repository& from,
        const oci::Digest& digest,
        std::stop_token stop) override;
    void upload_blob(
        const Repository& repository,
        const oci::Descriptor& blob,
        const store::BlobStore& blobs,
        std::stop_token stop) override;
    void put_manifest(
        const Repository& repository,
        const std::string& image_tag,
        const Document& document,
        std::stop_token stop) override;
    bool remove_manifest(
        const Repository& repository, const oci::Digest& digest, std::stop_token stop) override;
    std::vector<std::string> tags(const Repository& repository, std::stop_token stop) override;

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace nacre::registry
