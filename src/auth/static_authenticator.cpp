#include "auth/static_authenticator.hpp"

#include "base/error.hpp"
#include "base/text.hpp"

namespace nacre::auth {

void StaticAuthenticator::set_password(const std::string& user, const std::string& password) {
    state_.lock()->passwords[user] = password;
}

void StaticAuthenticator::set_token(const std::string& token, const std::string& user) {
    state_.lock()->tokens[token] = user;
}

void StaticAuthenticator::block(const std::string& user) {
    state_.lock()->blocked.insert(user);
}

std::optional<Identity> StaticAuthenticator::authenticate(
    const Credentials& credentials, const std::string&) {
    auto state = state_.lock();
    Identity identity;
    if (const auto* password = std::get_if<PasswordCredentials>(&credentials)) {
        const auto found = state->passwords.find(password->user);
        if (found == state->passwords.end() || found->second != password->password.reveal())
            return std::nullopt;
        identity = {found->first, "password"};
    } else {
        const auto found =
            state->tokens.find(std::get<TokenCredentials>(credentials).value.reveal());
        if (found == state->tokens.end()) return std::nullopt;
        identity = {found->second, "token"};
    }
    if (state->blocked.contains(identity.user))
        throw Error{
            ErrorCode::PermissionDenied, "user " + nacre::quoted(identity.user) + " is blocked"};
    return identity;
}

}  // namespace nacre::auth
