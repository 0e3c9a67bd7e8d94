#pragma once

#include "auth/ticket_verifier.hpp"

#include <filesystem>
#include <memory>

namespace nacre::auth {

/// MIT Kerberos by GSSAPI (SPNEGO and plain Kerberos tokens). Reads the keytab at each ticket, so that a new key counts at
/// once. The library finds krb5.conf as KRB5_CONFIG says.
class GssTicketVerifier final : public TicketVerifier {
public:
    /// Any key of the keytab may be asked for; its principals are HTTP/<host>. `replays` is the file in which tickets are
    /// remembered that were used. Throws Error{InvalidArgument} when the keytab has no key that can be read.
    GssTicketVerifier(const std::filesystem::path& keytab, const std::filesystem::path& replays);

    VerifiedTicket verify(std::string_view token) override;

private:
    const std::string keytab_;
    const std::string replays_;
};

}  // namespace nacre::auth
