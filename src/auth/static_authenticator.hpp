#pragma once

#include "auth/authenticator.hpp"
#include "base/guarded.hpp"

#include <map>
#include <set>
#include <string>

namespace nacre::auth {

/// Knows what it was told, in memory, and nobody else: for tests. It limits no attempts.
class StaticAuthenticator final : public Authenticator {
public:
    void set_password(const std::string& user, const std::string& password);
    void set_token(const std::string& token, const std::string& user);
    void block(const std::string& user);

    std::optional<Identity> authenticate(
        const Credentials& credentials, const std::string& peer) override;

private:
    struct State {
        std::map<std::string, std::string> passwords;
        std::map<std::string, std::string> tokens;
        std::set<std::string> blocked;
    };

    Guarded<State> state_;
};

}  // namespace nacre::auth
