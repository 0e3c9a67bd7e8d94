#pragma once

#include "hub/call.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace nacre::hub {

/// Who the transport found out a caller is, by a client certificate or a Kerberos ticket.
struct VerifiedClient {
    AuthType authtype = AuthType::Ssl;  ///< Ssl or Gssapi
    std::string
        identity;  ///< the certificate's subject, or the principal: what may act for others is named by it
    std::string name;  ///< the user that the certificate names, or the principal again
};

/// Whom verified clients may log in as; names in brackets are those of Koji's options.
struct VerifiedLoginRules {
    std::vector<std::string> certificate_proxies;  ///< [ProxyDNs] subjects that may log in others
    std::vector<std::string> principal_proxies;    ///< [ProxyPrincipals]
    bool proxies_choose_kind = false;              ///< [AllowProxyAuthType]
    /// A principal NAME@REALM of one of these, which no user is mapped to, is the user NAME.
    std::vector<std::string> realms;
};

/// What sslLogin is asked for.
struct ProxyRequest {
    std::optional<std::string> user;
    std::optional<std::int64_t> authtype;  ///< an AuthType
};

/// A user's name, who may not exist, and how the session is said to have been opened.
struct VerifiedLogin {
    std::string user;
    AuthType authtype = AuthType::Ssl;
    std::optional<std::string> principal;
};

/// Which user the client logs in. Throws koji::Fault{AuthError} for a proxy that may not be one.
VerifiedLogin find_verified_login(
    Call& call,
    const VerifiedLoginRules& rules,
    const VerifiedClient& client,
    const ProxyRequest& proxy);

}  // namespace nacre::hub
