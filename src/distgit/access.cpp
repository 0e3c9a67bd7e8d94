#include "distgit/access.hpp"

#include "base/error.hpp"
#include "base/text.hpp"
#include "json/value.hpp"

#include <vector>

namespace nacre::distgit {
namespace {

constexpr int kFormatVersion = 1;
/// Of the users that a refusal names.
constexpr std::size_t kNamedUsersMax = 8;

json::Array as_array(const std::set<std::string>& names) {
    return {names.begin(), names.end()};
}

std::set<std::string> as_set(const std::vector<std::string>& names) {
    return {names.begin(), names.end()};
}

std::string who_may_push(const Access& access) {
    std::set<std::string> users = access.admins;
    users.insert(access.committers.begin(), access.committers.end());
    std::string text = "the owner " + nacre::quoted(access.owner);
    std::size_t count = 0;
    for (const std::string& user : users) {
        if (count == kNamedUsersMax) return text + " and others";
        text += ", " + nacre::quoted(user);
        ++count;
    }
    return text;
}

}  // namespace

std::optional<Acl> find_acl(std::string_view text) noexcept {
    if (text == "none") return Acl::None;
    if (text == "commit") return Acl::Commit;
    if (text == "admin") return Acl::Admin;
    return std::nullopt;
}

Acl acl_of(const Access& access, const std::string& user) noexcept {
    if (user.empty()) return Acl::None;
    if (user == access.owner || access.admins.contains(user)) return Acl::Admin;
    return access.committers.contains(user) ? Acl::Commit : Acl::None;
}

void set_acl(Access& access, const std::string& user, Acl acl) {
    if (user == access.owner && acl != Acl::Admin)
        throw Error{
            ErrorCode::Conflict,
            "user " + nacre::quoted(user) + " owns the repository and keeps all rights to it"};
    access.admins.erase(user);
    access.committers.erase(user);
    if (user == access.owner) return;
    if (acl == Acl::Admin) access.admins.insert(user);
    if (acl == Acl::Commit) access.committers.insert(user);
}

void require_push(const Access& access, const RepositoryName& repository, const std::string& user) {
    if (acl_of(access, user) != Acl::None) return;
    throw Error{
        ErrorCode::PermissionDenied,
        "user " + nacre::quoted(user) + " may not push to '" + repository.str()
            + "'; may do so: " + who_may_push(access) + ", and administrators"}
        .with_hint("ask " + nacre::quoted(access.owner) + " for the commit right");
}

std::string render(const Access& access) {
    json::Object fields;
    fields.set("version", kFormatVersion);
    fields.set("owner", access.owner);
    fields.set("admins", as_array(access.admins));
    fields.set("committers", as_array(access.committers));
    return json::render_pretty(fields);
}

Access parse_access(std::string_view text) {
    try {
        const json::Value value = json::parse(text);
        const json::Reader fields{value, ""};
        if (const auto version = fields.get_integer("version"); version != kFormatVersion)
            throw Error{
                ErrorCode::InvalidArgument,
                "version is " + std::to_string(version) + ", needed is "
                    + std::to_string(kFormatVersion)};
        return {
            .owner = fields.get_string("owner"),
            .admins = as_set(fields.get_strings("admins")),
            .committers = as_set(fields.get_strings("committers"))};
    } catch (const Error& error) {
        throw Error{ErrorCode::DataCorrupt, "access of a repository: " + error.describe()};
    }
}

}  // namespace nacre::distgit
