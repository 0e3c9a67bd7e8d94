#include "auth/static_ticket_verifier.hpp"

#include "base/error.hpp"

namespace nacre::auth {

std::string StaticTicketVerifier::issue(const std::string& principal) {
    auto state = state_.lock();
    std::string token = "ticket " + std::to_string(++state->issued) + " of " + principal;
    state->unused[token] = principal;
    return token;
}

VerifiedTicket StaticTicketVerifier::verify(std::string_view token) {
    auto state = state_.lock();
    const auto found = state->unused.find(token);
    if (found == state->unused.end())
        throw Error{
            ErrorCode::Unauthenticated, "the Kerberos ticket is unknown or was used before"};
    VerifiedTicket ticket{.principal = found->second, .reply = "reply to " + found->first};
    state->unused.erase(found);
    return ticket;
}

}  // namespace nacre::auth
