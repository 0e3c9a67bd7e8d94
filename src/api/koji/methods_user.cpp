#include "api/koji/method.hpp"
#include "api/koji/rows.hpp"
#include "koji/fault.hpp"

namespace nacre::api::koji {
namespace {

using nacre::koji::Fault;
using nacre::koji::FaultCode;

hub::UserStatus status_of(const Parameters& parameters) {
    const auto status = parameters.find_integer("status");
    if (!status || *status == 0) return hub::UserStatus::Normal;
    if (*status == 1) return hub::UserStatus::Blocked;
    throw Fault{FaultCode::ParameterError, "Invalid status: " + std::to_string(*status)};
}

hub::UserId user_or_caller(Context& context, const Parameters& parameters) {
    if (const auto key = parameters.find_key("userID"))
        return context.hub.users.get(context.call, *key).id;
    hub::require_login(context.call);
    return *context.call.caller().user;
}

Value get_user(Context& context, const Parameters& parameters) {
    auto key = parameters.find_key("userInfo");
    if (!key && context.call.caller().user) key = context.call.caller().user->value();
    if (!key) return nullptr;
    const auto user = parameters.flag("strict")
                          ? std::optional{context.hub.users.get(context.call, *key)}
                          : context.hub.users.find(context.call, *key);
    if (!user) return nullptr;
    Struct row = row_of(*user);
    if (parameters.flag("groups")) {
        Array groups;
        for (const hub::User& group : context.hub.users.groups_of(context.call, user->id))
            groups.emplace_back(group.name);
        row.set("groups", groups);
    }
    if (!parameters.flag("krb_princs")) row.erase("krb_principals");
    return row;
}

Value create_user(Context& context, const Parameters& parameters) {
    return value_of(context.hub.users.create(
        context.call,
        {.name = parameters.get_text("username"),
         .type = hub::UserType::Normal,
         .status = status_of(parameters),
         .krb_principal = parameters.find_text("krb_principal"),
         .password_hash = std::nullopt}));
}

std::optional<std::string> principal_of(const Struct& mapping, std::string_view name) {
    const Value* value = mapping.find(name);
    if (value == nullptr || value->if_string() == nullptr) return std::nullopt;
    return *value->if_string();
}

Value edit_user(Context& context, const Parameters& parameters) {
    const hub::NameOrId key = parameters.get_key("userInfo");
    const hub::UserId user = context.hub.users.get(context.call, key).id;
    if (const auto name = parameters.find_text("name"))
        context.hub.users.rename(context.call, user.value(), *name);
    if (parameters.value("krb_principal_mappings").is_nil()) return nullptr;
    for (const Value& mapping : parameters.get_array("krb_principal_mappings")) {
        const Struct* members = mapping.if_struct();
        if (members == nullptr)
            throw Fault{FaultCode::ParameterError, "Invalid krb_principal_mappings"};
        context.hub.users.replace_principal(
            context.call,
            user.value(),
            principal_of(*members, "old"),
            principal_of(*members, "new"));
    }
    return nullptr;
}

Value enable_user(Context& context, const Parameters& parameters) {
    context.hub.users.set_status(
        context.call, parameters.get_key("username"), hub::UserStatus::Normal);
    return nullptr;
}

Value disable_user(Context& context, const Parameters& parameters) {
    context.hub.users.set_status(
        context.call, parameters.get_key("username"), hub::UserStatus::Blocked);
    return nullptr;
}

Value list_users(Context& context, const Parameters& parameters) {
    hub::UserFilter filter{
        .type = std::nullopt,
        .prefix = parameters.find_text("prefix"),
        .permission = parameters.find_text("perm")};
    const std::vector<std::int64_t> types = parameters.integers("userType");
    if (types.size() == 1) filter.type = static_cast<hub::UserType>(types.front());
    const Query query = parameters.query("queryOpts");
    return rows_of(context.hub.users.list(context.call, filter, query.options), query);
}

Value grant_permission(Context& context, const Parameters& parameters) {
    context.hub.users.grant(
        context.call,
        parameters.get_key("userinfo"),
        parameters.get_key("permission"),
        parameters.if_missing("create"),
        parameters.find_text("description"));
    return nullptr;
}

Value revoke_permission(Context& context, const Parameters& parameters) {
    context.hub.users.revoke(
        context.call, parameters.get_key("userinfo"), parameters.get_key("permission"));
    return nullptr;
}

Value edit_permission(Context& context, const Parameters& parameters) {
    context.hub.users.describe_permission(
        context.call,
        parameters.get_key("permission"),
        parameters.find_text("description").value_or(""));
    return nullptr;
}

Value get_all_perms(Context& context, const Parameters&) {
    return rows_of(context.hub.users.all_permissions(context.call));
}

Value get_user_perms(Context& context, const Parameters& parameters) {
    return value_of(
        context.hub.users.permissions_of(context.call, user_or_caller(context, parameters)));
}

Value get_user_perms_inheritance(Context& context, const Parameters& parameters) {
    Struct sources;
    const hub::UserId user = user_or_caller(context, parameters);
    for (const std::string& name : context.hub.users.permissions_of(context.call, user))
        sources.set(name, Array{Value{nullptr}});
    return sources;
}

Value new_group(Context& context, const Parameters& parameters) {
    return value_of(context.hub.users.create_group(context.call, parameters.get_text("name")));
}

Value add_group_member(Context& context, const Parameters& parameters) {
    context.hub.users.add_group_member(
        context.call, parameters.get_key("group"), parameters.get_key("user"));
    return nullptr;
}

Value drop_group_member(Context& context, const Parameters& parameters) {
    context.hub.users.drop_group_member(
        context.call, parameters.get_key("group"), parameters.get_key("user"));
    return nullptr;
}

Value get_group_members(Context& context, const Parameters& parameters) {
    return rows_of(context.hub.users.group_members(context.call, parameters.get_key("group")));
}

Value get_user_groups(Context& context, const Parameters& parameters) {
    const hub::User user = context.hub.users.get(context.call, parameters.get_key("user"));
    return rows_of(
        context.hub.users.groups_of(context.call, user.id), {}, [](const hub::User& group) {
            return make_struct({{"id", value_of(group.id)}, {"name", group.name}});
        });
}

}  // namespace

Methods user_methods() {
    return {
        reading(
            "getUser(userInfo=None, strict=False, krb_princs=True, groups=False)",
            get_user,
            "A user by name, id or principal; the caller without one."),
        changing(
            "createUser(username, status=None, krb_principal=None)",
            create_user,
            "Makes a user; gives its id. Admin."),
        changing(
            "editUser(userInfo, name=None, krb_principal_mappings=None)",
            edit_user,
            "Renames a user, or changes principals by mappings {old, new}. Admin."),
        changing("enableUser(username)", enable_user, "Lets a user log in again. Admin."),
        changing("disableUser(username)", disable_user, "Refuses a user's logins. Admin."),
        reading(
            "listUsers(userType=0, prefix=None, queryOpts=None, perm=None, "
            "inherited_perm=False)",
            list_users,
            "Users of a type, by the beginning of the name or a permission."),
        changing(
            "editPermission(permission, description)",
            edit_permission,
            "Changes the description of a permission. Admin."),
        changing(
            "grantPermission(userinfo, permission, create=False, description=None)",
            grant_permission,
            "Gives a user a permission. Admin."),
        changing(
            "revokePermission(userinfo, permission)",
            revoke_permission,
            "Takes a permission from a user. Admin."),
        reading("getAllPerms()", get_all_perms, "All permissions: {id, name, description}."),
        reading(
            "getUserPerms(userID=None, with_groups=True)",
            get_user_perms,
            "The names of a user's permissions."),
        reading(
            "getUserPermsInheritance(userID)",
            get_user_perms_inheritance,
            "A user's permissions, and the groups that give them."),
        changing("newGroup(name)", new_group, "Makes a group of users. Admin."),
        changing(
            "addGroupMember(group, user, strict=True)",
            add_group_member,
            "Puts a user into a group. Admin."),
        changing(
            "dropGroupMember(group, user)",
            drop_group_member,
            "Takes a user out of a group. Admin."),
        reading("getGroupMembers(group)", get_group_members, "The users of a group."),
        reading("getUserGroups(user)", get_user_groups, "The groups of a user."),
    };
}

}  // namespace nacre::api::koji
