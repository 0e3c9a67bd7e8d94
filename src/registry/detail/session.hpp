#pragma once

#include "http/client.hpp"
#include "registry/detail/authorizer.hpp"
#include "registry/detail/url.hpp"
#include "registry/http_registry.hpp"

#include <chrono>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>

namespace nacre::registry::detail {

/// One request to a registry.
struct Call {
    std::string what;  ///< "manifest '1.0' of 'registry.example.org/app'": for messages
    Scope scope;
    Url url;
    http::ClientRequest request;  ///< without address and credentials
    /// Gives the body of request.body_size bytes when it is not in the request; called for every sending.
    std::function<std::unique_ptr<ByteSource>()> open_body;
};

/// Sends requests to registries: with credentials, to where redirects lead, and again when a registry is busy or breaks off.
/// Thread-safe.
class Session {
public:
    Session(const HttpRegistry::Parts& parts, HttpRegistryOptions options);

    /// "https://registry.example.org/v2/team/app/…"; `rest` starts with '/'.
    Url url(const Repository& repository, const std::string& rest) const;

    /// The answer, whatever its status is but 401. While the registry is busy or breaks off the request is repeated, unless it has an
    /// `open_body`. Throws what Registry does.
    http::ClientResponse send(const Call& call, const std::stop_token& stop);

    /// The same for an answer that is read while it arrives; it is not repeated.
    http::ClientStream open(const Call& call, const std::stop_token& stop);

    /// Waits after failure number `failures`, from 1. False when it is none that passes, or there were enough.
    bool try_pause(ErrorCode failure, int failures, const std::stop_token& stop);

    const HttpRegistryOptions& options() const noexcept { return options_; }

private:
    using Exchange = std::function<http::ClientStream(const http::ClientRequest&)>;

    /// The status and the fields of the answer, with its body where `exchange` left it.
    http::ClientStream perform(
        const Call& call, const Exchange& exchange, const std::stop_token& stop);
    http::ClientStream follow(
        const Call& call,
        const std::optional<std::string>& authorization,
        const Exchange& exchange) const;
    http::ClientResponse repeat(
        const std::function<http::ClientResponse()>& attempt, const std::stop_token& stop);
    Transport transport_of(const std::string& registry) const;

    HttpRegistry::Parts parts_;
    const HttpRegistryOptions options_;
    Authorizer authorizer_;
};

}  // namespace nacre::registry::detail
