#include "hub/permissions.hpp"

#include "hub/statement.hpp"
#include "koji/fault.hpp"

namespace nacre::hub {

std::vector<std::string_view> builtin_permissions() {
    return {
        "admin",
        "appliance",
        "dist-repo",
        "draft-promoter",
        "host",
        "image",
        "image-import",
        "livecd",
        "maven-import",
        "repo",
        "sign",
        "tag",
        "target",
        "win-admin",
        "win-import"};
}

const std::set<std::string, std::less<>>& caller_permissions(Call& call) {
    auto& remembered = call.remembered_permissions();
    if (remembered) return *remembered;
    remembered.emplace();
    if (!call.caller().user) return *remembered;
    const sql::Value user = sql_value(call.caller().user);
    const sql::Rows rows = call.sql().query(
        "SELECT p.name FROM user_perms u JOIN permissions p ON p.id = u.perm_id"
        " WHERE u.active = 1 AND (u.user_id = ? OR u.user_id IN"
        " (SELECT group_id FROM user_groups WHERE active = 1 AND user_id = ?))",
        {user, user});
    for (const sql::Row& row : rows)
        remembered->insert(row.text(0));
    return *remembered;
}

bool has_permission(Call& call, std::string_view permission) {
    if (call.caller().is_service) return true;
    const auto& all = caller_permissions(call);
    return all.contains("admin") || all.contains(permission);
}

void require_login(const Call& call) {
    if (call.caller().user || call.caller().is_service) return;
    throw koji::Fault{
        koji::FaultCode::ActionNotAllowed, "you must be logged in for this operation"};
}

void require_permission(Call& call, std::string_view permission) {
    require_login(call);
    if (!has_permission(call, permission))
        throw koji::Fault{
            koji::FaultCode::ActionNotAllowed, std::string{permission} + " permission required"};
}

}  // namespace nacre::hub
