#pragma once

#include "base/secret.hpp"

#include <string>

namespace nacre::http {

/// What a server shows of itself in TLS, and whose clients it knows. All of it PEM.
struct TlsConfig {
    std::string certificate;  ///< the server's own first, then those that lead to its authority
    Secret key;               ///< without a pass phrase
    std::string client_authorities;  ///< empty: clients are not asked for a certificate
    std::string client_revocations;  ///< lists of revoked client certificates; empty: none
};

}  // namespace nacre::http
