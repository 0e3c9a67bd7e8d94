#include "api/distgit/callers.hpp"

#include "base/error.hpp"
#include "base/text.hpp"

namespace nacre::api::distgit {
namespace {

std::optional<auth::Credentials> credentials_of(const http::Request& request) {
    if (const auto basic = http::find_basic_credentials(request.headers))
        return auth::PasswordCredentials{basic->user, Secret{basic->password}};
    const std::vector<std::string> words =
        split_words(request.headers.find("Authorization").value_or(""));
    const bool token =
        words.size() == 2
        && (equals_ignoring_case(words[0], "token") || equals_ignoring_case(words[0], "bearer"));
    if (!token) return std::nullopt;
    return auth::TokenCredentials{Secret{words[1]}};
}

}  // namespace

std::optional<std::string> Callers::find(const http::Request& request) const {
    const auto credentials = credentials_of(request);
    if (!credentials) return std::nullopt;
    const auto identity = authenticator_.authenticate(*credentials, request.peer);
    if (!identity) throw Error{ErrorCode::Unauthenticated, "wrong user or password"};
    return identity->user;
}

std::string Callers::require(const http::Request& request, const std::string& what) const {
    auto user = find(request);
    if (!user)
        throw Error{ErrorCode::Unauthenticated, what + " needs a user and a password, or a token"};
    return std::move(*user);
}

}  // namespace nacre::api::distgit
