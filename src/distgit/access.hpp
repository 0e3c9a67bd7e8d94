#pragma once

#include "distgit/repository_name.hpp"

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>

namespace nacre::distgit {

/// What a user may do in one repository. Admin includes Commit.
enum class Acl : std::uint8_t { None, Commit, Admin };

/// "none", "commit", "admin"; nothing for another text.
std::optional<Acl> find_acl(std::string_view text) noexcept;

/// Who may do what in one repository.
struct Access {
    std::string owner;
    std::set<std::string> admins;
    std::set<std::string> committers;

    bool operator==(const Access&) const = default;
};

/// The owner has Admin.
Acl acl_of(const Access& access, const std::string& user) noexcept;

/// Gives `user` exactly `acl`. Throws Error{Conflict} when that would take the owner's rights.
void set_acl(Access& access, const std::string& user, Acl acl);

/// Throws Error{PermissionDenied} for a user without the right to push: it says who may, and whom to ask.
void require_push(const Access& access, const RepositoryName& repository, const std::string& user);

/// The JSON text that is kept with a repository.
std::string render(const Access& access);
/// Throws Error{DataCorrupt}.
Access parse_access(std::string_view text);

/// The access of all repositories. Thread-safe. Every implementation passes tests/contract/access_list_contract.cpp.
class AccessList {
public:
    virtual ~AccessList() = default;

    /// Nothing when there is no such repository.
    virtual std::optional<Access> find(const RepositoryName& repository) const = 0;

    /// Gives `user` exactly `acl`, durably. Throws Error{NotFound} when there is no such repository, and what
    /// distgit::set_acl() throws.
    virtual void set(const RepositoryName& repository, const std::string& user, Acl acl) = 0;
};

}  // namespace nacre::distgit
