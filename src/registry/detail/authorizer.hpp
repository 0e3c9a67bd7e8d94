#pragma once

#include "base/clock.hpp"
#include "base/guarded.hpp"
#include "http/client.hpp"
#include "registry/credentials.hpp"
#include "registry/detail/challenge.hpp"
#include "registry/detail/single_flight.hpp"

#include <functional>
#include <map>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

namespace nacre::registry::detail {

/// What a request needs to be allowed.
struct Scope {
    Repository repository;
    std::string actions;                   ///< "pull", "pull,push" or "pull,delete"
    std::optional<Repository> mount_from;  ///< to be pulled from as well

    /// As token servers write it: "repository:team/app:pull,push".
    std::vector<std::string> names() const;
    /// The same as one text, with the registry.
    std::string key() const;
};

enum class Transport : std::uint8_t { Tls, Plain };

/// Knows what to write into the Authorization field. Thread-safe.
class Authorizer {
public:
    using Send = std::function<http::ClientResponse(const http::ClientRequest&, std::stop_token)>;

    /// `send` does the requests to token servers.
    Authorizer(const CredentialSource& credentials, const Clock& clock, Send send);

    /// The value of the field as far as it is known from requests before; nothing: try without.
    std::optional<std::string> find(const Scope& scope, const std::stop_token& stop);

    /// After an answer with status 401 and the fields `refused` to a request that was sent with `sent`: a value to try instead. Throws Error{Unauthenticated} when
    /// there is none.
    std::string renew(
        const Scope& scope,
        const std::optional<std::string>& sent,
        const http::Headers& refused,
        Transport transport,
        const std::stop_token& stop);

private:
    struct Token {
        std::string value;
        SteadyTime expires;
    };

    struct State {
        std::map<std::string, Challenge> challenges;  ///< by registry
        std::map<std::string, Token> tokens;          ///< by Scope::key()
    };

    std::optional<std::string> find_token(const Scope& scope);
    std::string authorize(
        const Scope& scope, const Challenge& challenge, const std::stop_token& stop);
    Token fetch_token(
        const Scope& scope,
        const Challenge& challenge,
        const std::optional<Credentials>& known,
        const std::stop_token& stop);
    http::ClientRequest token_request(
        const Scope& scope,
        const Challenge& challenge,
        const std::optional<Credentials>& known) const;

    const CredentialSource& credentials_;
    const Clock& clock_;
    const Send send_;
    Guarded<State> state_;
    SingleFlight<std::string> flights_;
};

}  // namespace nacre::registry::detail
