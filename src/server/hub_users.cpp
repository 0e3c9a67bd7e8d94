#include "server/hub_users.hpp"

#include "base/error.hpp"

#include <algorithm>
#include <utility>

namespace nacre::server {

std::optional<auth::UserRecord> HubUserRecords::find_user(const std::string& name) {
    hub::Call call = hub_.begin_as_service(sql::Access::Read);
    const auto user = hub_.users.find(call, name);
    if (!user || user->name != name || user->type == hub::UserType::Group) return std::nullopt;
    return auth::UserRecord{
        .name = user->name,
        .status = user->status == hub::UserStatus::Blocked ? auth::UserStatus::Blocked
                                                           : auth::UserStatus::Active,
        .password_hash = hub_.users.find_password_hash(call, user->id).value_or("")};
}

std::optional<auth::UserRecord> HubUserRecords::find_user_of_token(
    const std::string& /*token_hash*/) {
    // The hub issues no tokens: none is known.
    return std::nullopt;
}

std::optional<auth::Identity> NotingAuthenticator::authenticate(
    const auth::Credentials& credentials, const std::string& peer) {
    try {
        auto identity = inner_.authenticate(credentials, peer);
        if (!identity) note(credentials, peer, "wrong user, password or token");
        return identity;
    } catch (const Error& error) {
        note(credentials, peer, error.describe());
        throw;
    }
}

void NotingAuthenticator::note(
    const auth::Credentials& credentials, const std::string& peer, std::string reason) const {
    const auto* password = std::get_if<auth::PasswordCredentials>(&credentials);
    hub_.refusals.note(
        {.name = {}, .address = peer},
        {{"login.refused", password == nullptr ? "token" : password->user, std::move(reason)}});
}

bool HubAdministrators::exists(const std::string& name) const {
    hub::Call call = hub_.begin_as_service(sql::Access::Read);
    const auto user = hub_.users.find(call, name);
    return user && user->name == name && user->type == hub::UserType::Normal;
}

bool HubAdministrators::is_administrator(const std::string& name) const {
    hub::Call call = hub_.begin_as_service(sql::Access::Read);
    const auto user = hub_.users.find(call, name);
    if (!user || user->status != hub::UserStatus::Normal) return false;
    const auto permissions = hub_.users.permissions_of(call, user->id);
    return std::ranges::find(permissions, "admin") != permissions.end();
}

}  // namespace nacre::server
