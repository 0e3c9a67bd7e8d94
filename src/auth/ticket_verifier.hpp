#pragma once

#include <string>
#include <string_view>

namespace nacre::auth {

/// What a good ticket proves.
struct VerifiedTicket {
    std::string principal;  ///< "alice@EXAMPLE.ORG"
    std::string reply;      ///< for the client: proves who we are; may be empty
};

/// Finds out who sends a Kerberos ticket in an HTTP Negotiate token (RFC 4559). Thread-safe. Every implementation passes
/// tests/contract/ticket_verifier_contract.cpp.
class TicketVerifier {
public:
    virtual ~TicketVerifier() = default;

    /// `token` is binary. Throws Error{Unauthenticated} that says what is wrong with it: not for us, expired, used before,
    /// of another kind.
    virtual VerifiedTicket verify(std::string_view token) = 0;
};

}  // namespace nacre::auth
