#include "server/hub_users.hpp"

#include <algorithm>

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
