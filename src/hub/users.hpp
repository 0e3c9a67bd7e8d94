#pragma once

#include "hub/call.hpp"
#include "hub/query.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace nacre::hub {

struct User {
    UserId id;
    std::string name;
    UserStatus status = UserStatus::Normal;
    UserType type = UserType::Normal;
    std::vector<std::string> krb_principals;
};

struct Permission {
    PermissionId id;
    std::string name;
    std::optional<std::string> description;
};

struct NewUser {
    std::string name;
    UserType type = UserType::Normal;
    UserStatus status = UserStatus::Normal;
    std::optional<std::string> krb_principal;
    std::optional<std::string> password_hash;  ///< as auth/ makes it; nothing: no login by password
};

struct UserFilter {
    std::optional<UserType> type;
    std::optional<std::string> prefix;
    std::optional<std::string> permission;
};

enum class IfMissing : std::uint8_t { Refuse, Create };

/// Users, groups and permissions. Every method that changes something needs the permission Koji needs
/// (admin) and says so by koji::Fault{ActionNotAllowed}. Stateless: thread-safe.
class Users {
public:
    /// By id, name or Kerberos principal.
    std::optional<User> find(Call& call, const NameOrId& key) const;
    User get(Call& call, const NameOrId& key) const;  ///< fault 1000 "No such user: 'x'"
    std::vector<User> list(
        Call& call, const UserFilter& filter, const QueryOptions& options = {}) const;

    UserId create(Call& call, const NewUser& user) const;
    /// Without a check of permissions: for logins that create their user, for hosts and at set-up.
    UserId insert(Call& call, const NewUser& user) const;
    void rename(Call& call, const NameOrId& key, std::string_view name) const;
    void replace_principal(
        Call& call,
        const NameOrId& key,
        std::optional<std::string> old_principal,
        std::optional<std::string> new_principal) const;
    void set_status(Call& call, const NameOrId& key, UserStatus status) const;

    std::optional<std::string> find_password_hash(Call& call, UserId user) const;
    /// For the user itself or an admin.
    void set_password_hash(Call& call, UserId user, std::string_view hash) const;

    std::vector<Permission> all_permissions(Call& call) const;
    std::vector<std::string> permissions_of(Call& call, UserId user) const;
    void grant(
        Call& call,
        const NameOrId& user,
        const NameOrId& permission,
        IfMissing if_missing = IfMissing::Refuse,
        const std::optional<std::string>& description = {}) const;
    void revoke(Call& call, const NameOrId& user, const NameOrId& permission) const;
    /// An empty description takes it away.
    void describe_permission(
        Call& call, const NameOrId& permission, std::string_view description) const;

    UserId create_group(Call& call, std::string_view name) const;
    void add_group_member(Call& call, const NameOrId& group, const NameOrId& user) const;
    void drop_group_member(Call& call, const NameOrId& group, const NameOrId& user) const;
    std::vector<User> group_members(Call& call, const NameOrId& group) const;
    std::vector<User> groups_of(Call& call, UserId user) const;

private:
    UserId require_admin_and_find(Call& call, const NameOrId& key) const;
};

}  // namespace nacre::hub
