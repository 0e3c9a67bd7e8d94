#include "hub/users.hpp"

#include "base/text.hpp"
#include "hub/audit.hpp"
#include "hub/permissions.hpp"
#include "hub/statement.hpp"
#include "koji/fault.hpp"

namespace nacre::hub {
namespace {

using koji::Fault;
using koji::FaultCode;

constexpr std::size_t kNameMax = 256;
constexpr std::string_view kColumns = "SELECT u.id, u.name, u.status, u.usertype FROM users u";

void check_name(std::string_view what, std::string_view name) {
    if (name.empty() || name.size() > kNameMax)
        throw Fault{
            FaultCode::NameValidationError,
            std::string{what} + " name must have 1 to " + std::to_string(kNameMax) + " characters"};
    for (const char c : name)
        if (static_cast<unsigned char>(c) <= ' ' || c == '"' || c == '\\' || c == '\x7f')
            throw Fault{
                FaultCode::NameValidationError,
                std::string{what} + " name " + quoted(name)
                    + " holds a blank, a quote or a control character"};
}

User read_user(Call& call, const sql::Row& row) {
    User user{
        .id = UserId{row.integer(0)},
        .name = row.text(1),
        .status = static_cast<UserStatus>(row.integer(2)),
        .type = static_cast<UserType>(row.integer(3))};
    for (const sql::Row& principal : call.sql().query(
             "SELECT krb_principal FROM user_krb_principals WHERE user_id = ? ORDER BY id",
             bound(user.id)))
        user.krb_principals.push_back(principal.text(0));
    return user;
}

std::vector<User> read_users(Call& call, const sql::Rows& rows) {
    std::vector<User> users;
    for (const sql::Row& row : rows)
        users.push_back(read_user(call, row));
    return users;
}

std::optional<Permission> find_permission(Call& call, const NameOrId& key) {
    const auto* name = std::get_if<std::string>(&key);
    const sql::Rows rows = call.sql().query(
        std::string{"SELECT id, name, description FROM permissions WHERE "}
            + (name != nullptr ? "name = ?" : "id = ?"),
        {name != nullptr ? sql::Value{*name} : sql::Value{std::get<std::int64_t>(key)}});
    if (rows.empty()) return std::nullopt;
    return Permission{PermissionId{rows[0].integer(0)}, rows[0].text(1), rows[0].find_text(2)};
}

Permission ensure_permission(
    Call& call,
    const NameOrId& key,
    IfMissing if_missing,
    const std::optional<std::string>& description) {
    if (const auto known = find_permission(call, key)) return *known;
    const auto* name = std::get_if<std::string>(&key);
    if (if_missing == IfMissing::Refuse || name == nullptr)
        throw Fault{FaultCode::GenericError, "No such entry in table permissions: " + plain(key)};
    check_name("permission", *name);
    const std::int64_t id = call.sql().insert(
        "INSERT INTO permissions (name, description) VALUES (?, ?)", bound(*name, description));
    return Permission{PermissionId{id}, *name, description};
}

void add_principal(Call& call, UserId user, const std::string& principal) {
    if (!call.sql()
             .query(
                 "SELECT user_id FROM user_krb_principals WHERE krb_principal = ?",
                 bound(principal))
             .empty())
        throw Fault{
            FaultCode::GenericError, "krb_principal " + principal + " is already mapped to a user"};
    call.sql().insert(
        "INSERT INTO user_krb_principals (user_id, krb_principal) VALUES (?, ?)",
        bound(user, principal));
}

}  // namespace

std::optional<User> Users::find(Call& call, const NameOrId& key) const {
    sql::Rows rows;
    if (const auto* name = std::get_if<std::string>(&key)) {
        rows = call.sql().query(std::string{kColumns} + " WHERE u.name = ?", bound(*name));
        if (rows.empty())
            rows = call.sql().query(
                std::string{kColumns}
                    + " JOIN user_krb_principals k ON k.user_id = u.id WHERE k.krb_principal = ?",
                bound(*name));
    } else {
        rows = call.sql().query(
            std::string{kColumns} + " WHERE u.id = ?", {std::get<std::int64_t>(key)});
    }
    if (rows.empty()) return std::nullopt;
    return read_user(call, rows[0]);
}

User Users::get(Call& call, const NameOrId& key) const {
    auto user = find(call, key);
    if (!user) throw Fault{FaultCode::GenericError, "No such user: " + shown(key)};
    return *std::move(user);
}

std::vector<User> Users::list(
    Call& call, const UserFilter& filter, const QueryOptions& options) const {
    Conditions conditions;
    if (filter.type) conditions.add("u.usertype = ?", {static_cast<std::int64_t>(*filter.type)});
    if (filter.prefix)
        conditions.add(
            "LOWER(u.name) LIKE ? ESCAPE '\\'", {to_lower(like_pattern(*filter.prefix)) + "%"});
    conditions.add_if(
        "u.id IN (SELECT up.user_id FROM user_perms up JOIN permissions p ON p.id = up.perm_id"
        " WHERE up.active = 1 AND p.name = ?)",
        filter.permission);
    return read_users(
        call,
        call.sql().query(
            std::string{kColumns} + conditions.where()
                + order_and_page(options, {{"id", "u.id"}, {"name", "u.name"}}, "u.id"),
            conditions.parameters()));
}

UserId Users::create(Call& call, const NewUser& user) const {
    require_permission(call, "admin");
    const UserId id = insert(call, user);
    audit(call, "user.create", user.name);
    return id;
}

UserId Users::insert(Call& call, const NewUser& user) const {
    check_name("user", user.name);
    if (!call.sql().query("SELECT id FROM users WHERE name = ?", bound(user.name)).empty())
        throw Fault{FaultCode::GenericError, "user already exists: " + user.name};
    const UserId id{call.sql().insert(
        "INSERT INTO users (name, status, usertype, password) VALUES (?, ?, ?, ?)",
        bound(
            user.name,
            static_cast<std::int64_t>(user.status),
            static_cast<std::int64_t>(user.type),
            user.password_hash))};
    if (user.krb_principal) add_principal(call, id, *user.krb_principal);
    return id;
}

UserId Users::require_admin_and_find(Call& call, const NameOrId& key) const {
    require_permission(call, "admin");
    return get(call, key).id;
}

void Users::rename(Call& call, const NameOrId& key, std::string_view name) const {
    const UserId id = require_admin_and_find(call, key);
    check_name("user", name);
    if (!call.sql().query("SELECT id FROM users WHERE name = ?", bound(name)).empty())
        throw Fault{FaultCode::GenericError, "Name " + std::string{name} + " already taken"};
    call.sql().execute("UPDATE users SET name = ? WHERE id = ?", bound(name, id));
    audit(call, "user.rename", plain(key), name);
}

void Users::replace_principal(
    Call& call,
    const NameOrId& key,
    std::optional<std::string> old_principal,
    std::optional<std::string> new_principal) const {
    const UserId id = require_admin_and_find(call, key);
    if (old_principal
        && call.sql().execute(
               "DELETE FROM user_krb_principals WHERE user_id = ? AND krb_principal = ?",
               bound(id, *old_principal))
               == 0)
        throw Fault{
            FaultCode::GenericError,
            "Cannot remove Kerberos principal: " + *old_principal + " is not mapped"};
    if (new_principal) add_principal(call, id, *new_principal);
    audit(call, "user.principal", plain(key), new_principal.value_or(""));
}

void Users::set_status(Call& call, const NameOrId& key, UserStatus status) const {
    const UserId id = require_admin_and_find(call, key);
    call.sql().execute(
        "UPDATE users SET status = ? WHERE id = ?", bound(static_cast<std::int64_t>(status), id));
    audit(call, status == UserStatus::Blocked ? "user.disable" : "user.enable", plain(key));
}

std::optional<std::string> Users::find_password_hash(Call& call, UserId user) const {
    const sql::Rows rows = call.sql().query("SELECT password FROM users WHERE id = ?", bound(user));
    return rows.empty() ? std::nullopt : rows[0].find_text(0);
}

void Users::set_password_hash(Call& call, UserId user, std::string_view hash) const {
    require_login(call);
    if (call.caller().user != user) require_permission(call, "admin");
    if (call.sql().execute("UPDATE users SET password = ? WHERE id = ?", bound(hash, user)) == 0)
        throw Fault{FaultCode::GenericError, "No such user: " + user.str()};
    audit(call, "user.password", user.str());
}

std::vector<Permission> Users::all_permissions(Call& call) const {
    std::vector<Permission> permissions;
    for (const sql::Row& row :
         call.sql().query("SELECT id, name, description FROM permissions ORDER BY id"))
        permissions.push_back({PermissionId{row.integer(0)}, row.text(1), row.find_text(2)});
    return permissions;
}

std::vector<std::string> Users::permissions_of(Call& call, UserId user) const {
    std::vector<std::string> names;
    for (const sql::Row& row : call.sql().query(
             "SELECT DISTINCT p.name FROM user_perms u JOIN permissions p ON p.id = u.perm_id"
             " WHERE u.active = 1 AND (u.user_id = ? OR u.user_id IN"
             " (SELECT group_id FROM user_groups WHERE active = 1 AND user_id = ?))"
             " ORDER BY p.name",
             bound(user, user)))
        names.push_back(row.text(0));
    return names;
}

void Users::grant(
    Call& call,
    const NameOrId& user,
    const NameOrId& permission,
    IfMissing if_missing,
    const std::optional<std::string>& description) const {
    require_permission(call, "admin");
    const User to = get(call, user);
    const Permission known = ensure_permission(call, permission, if_missing, description);
    if (!call.sql()
             .query(
                 "SELECT id FROM user_perms WHERE active = 1 AND user_id = ? AND perm_id = ?",
                 bound(to.id, known.id))
             .empty())
        throw Fault{
            FaultCode::GenericError, "user " + to.name + " already has permission: " + known.name};
    insert_versioned(
        call, "user_perms", {{"user_id", to.id.value()}, {"perm_id", known.id.value()}});
    audit(call, "permission.grant", to.name, known.name);
}

void Users::revoke(Call& call, const NameOrId& user, const NameOrId& permission) const {
    require_permission(call, "admin");
    const User from = get(call, user);
    const Permission known = ensure_permission(call, permission, IfMissing::Refuse, {});
    if (hub::revoke(call, "user_perms", "user_id = ? AND perm_id = ?", bound(from.id, known.id))
        == 0)
        throw Fault{
            FaultCode::GenericError,
            "user " + from.name + " does not have permission: " + known.name};
    audit(call, "permission.revoke", from.name, known.name);
}

void Users::describe_permission(
    Call& call, const NameOrId& permission, std::string_view description) const {
    require_permission(call, "admin");
    const Permission known = ensure_permission(call, permission, IfMissing::Refuse, {});
    call.sql().execute(
        "UPDATE permissions SET description = ? WHERE id = ?",
        bound(description.empty() ? std::optional<std::string_view>{} : description, known.id));
    audit(call, "permission.describe", known.name, description);
}

UserId Users::create_group(Call& call, std::string_view name) const {
    require_permission(call, "admin");
    const UserId id = insert(call, NewUser{.name = std::string{name}, .type = UserType::Group});
    audit(call, "group.create", name);
    return id;
}

void Users::add_group_member(Call& call, const NameOrId& group, const NameOrId& user) const {
    require_permission(call, "admin");
    const User into = get(call, group);
    const User member = get(call, user);
    if (into.type != UserType::Group)
        throw Fault{FaultCode::GenericError, "Not a group: " + into.name};
    if (member.type == UserType::Group)
        throw Fault{FaultCode::GenericError, "Groups cannot be members of other groups"};
    for (const User& known : group_members(call, into.id.value()))
        if (known.id == member.id)
            throw Fault{FaultCode::GenericError, "User already in group: " + member.name};
    insert_versioned(
        call, "user_groups", {{"user_id", member.id.value()}, {"group_id", into.id.value()}});
    audit(call, "group.add", into.name, member.name);
}

void Users::drop_group_member(Call& call, const NameOrId& group, const NameOrId& user) const {
    require_permission(call, "admin");
    const User from = get(call, group);
    const User member = get(call, user);
    if (hub::revoke(call, "user_groups", "user_id = ? AND group_id = ?", bound(member.id, from.id))
        == 0)
        throw Fault{FaultCode::GenericError, "No such user in group: " + from.name};
    audit(call, "group.drop", from.name, member.name);
}

std::vector<User> Users::group_members(Call& call, const NameOrId& group) const {
    return read_users(
        call,
        call.sql().query(
            std::string{kColumns}
                + " JOIN user_groups g ON g.user_id = u.id WHERE g.active = 1 AND g.group_id = ?"
                  " ORDER BY u.id",
            bound(get(call, group).id)));
}

std::vector<User> Users::groups_of(Call& call, UserId user) const {
    return read_users(
        call,
        call.sql().query(
            std::string{kColumns}
                + " JOIN user_groups g ON g.group_id = u.id WHERE g.active = 1 AND g.user_id = ?"
                  " ORDER BY u.id",
            bound(user)));
}

}  // namespace nacre::hub
