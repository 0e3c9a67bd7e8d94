#pragma once

#include "auth/ticket_verifier.hpp"
#include "base/guarded.hpp"

#include <map>
#include <string>

namespace nacre::auth {

/// Knows the tickets that it issued, each good for one use: for tests.
class StaticTicketVerifier final : public TicketVerifier {
public:
    /// A token for the principal.
    std::string issue(const std::string& principal);

    VerifiedTicket verify(std::string_view token) override;

private:
    struct State {
        int issued = 0;
        std::map<std::string, std::string, std::less<>> unused;
    };

    Guarded<State> state_;
};

}  // namespace nacre::auth
