#include "api/distgit/pagure_handler.hpp"

#include "base/error.hpp"
#include "base/text.hpp"
#include "json/value.hpp"

#include <algorithm>
#include <utility>
#include <vector>

namespace nacre::api::distgit {
namespace {

namespace dg = nacre::distgit;
using Fields = std::vector<std::pair<std::string, std::string>>;

constexpr std::string_view kPrefix = "/api/0/";
constexpr std::size_t kBodyBytesMax = 64U << 10U;
constexpr std::size_t kFieldsMax = 100;

struct Failure {
    int status;
    const char* code;
};

Failure failure_of(ErrorCode code) {
    switch (code) {
        case ErrorCode::Unauthenticated:
            return {401, "EINVALIDTOK"};
        case ErrorCode::PermissionDenied:
            return {403, "ENOTHIGHENOUGH"};
        case ErrorCode::NotFound:
            return {404, "ENOPROJECT"};
        case ErrorCode::Conflict:
            return {400, "ENOCODE"};
        case ErrorCode::InvalidArgument:
            return {400, "EINVALIDREQ"};
        case ErrorCode::ResourceExhausted:
            return {413, "EINVALIDREQ"};
        default:
            return {500, "ENOCODE"};
    }
}

http::Response answer_with(json::Object fields) {
    return http::Response::json(200, json::render_pretty(std::move(fields)));
}

http::Response fail_with(const Failure& failure, const std::string& text) {
    json::Object fields;
    fields.set("error", text);
    fields.set("error_code", failure.code);
    return http::Response::json(failure.status, json::render_pretty(std::move(fields)));
}

http::Response no_user(const std::string& name) {
    return fail_with({404, "ENOUSER"}, "No such user found: " + nacre::quoted(name));
}

std::string get_field(const Fields& fields, std::string_view name) {
    for (const auto& [known, value] : fields)
        if (known == name && !value.empty()) return value;
    throw Error{ErrorCode::InvalidArgument, "field '" + std::string{name} + "' is missing"};
}

std::string find_field(const Fields& fields, std::string_view name) {
    for (const auto& [known, value] : fields)
        if (known == name) return value;
    return {};
}

json::Array names(const std::set<std::string>& users) {
    return {users.begin(), users.end()};
}

std::string decode(std::string_view text) {
    const auto decoded = http::percent_decode(replace_all(text, "+", " "));
    if (!decoded) throw Error{ErrorCode::InvalidArgument, "the form has a malformed '%' sequence"};
    return *decoded;
}

}  // namespace

std::vector<std::pair<std::string, std::string>> parse_form(std::string_view text) {
    Fields fields;
    for (const std::string& pair : split(trim(text), '&')) {
        if (pair.empty()) continue;
        if (fields.size() == kFieldsMax)
            throw Error{ErrorCode::InvalidArgument, "the form has too many fields"};
        const std::size_t equals = std::min(pair.find('='), pair.size());
        fields.emplace_back(
            decode(std::string_view{pair}.substr(0, equals)),
            equals == pair.size() ? "" : decode(std::string_view{pair}.substr(equals + 1)));
    }
    return fields;
}

http::Response PagureHandler::handle(const http::Request& request) {
    try {
        return answer(request);
    } catch (const Error& error) {
        const Failure failure = failure_of(error.code());
        // The server logs what is our own fault and tells the client no more than that.
        if (failure.status == 500) throw;
        http::Response response = fail_with(
            failure, error.describe() + (error.hint().empty() ? "" : "; " + error.hint()));
        if (failure.status == 401)
            response.headers.set("WWW-Authenticate", "Basic realm=\"Nacre dist-git\"");
        return response;
    }
}

http::Response PagureHandler::answer(const http::Request& request) {
    if (!request.path.starts_with(kPrefix)) throw Error{ErrorCode::NotFound, "no such address"};
    const std::vector<std::string> parts = split(request.path.substr(kPrefix.size()), '/');
    if (request.method == "POST" && parts == std::vector<std::string>{"new"})
        return make_project(request, require_caller(request));
    if (parts.size() < 2) throw Error{ErrorCode::NotFound, "no such address"};
    const auto name = dg::RepositoryName::make(parts[0], parts[1]);
    const std::vector<std::string> rest{parts.begin() + 2, parts.end()};
    if (request.method == "GET" && rest.empty()) return show_project(name);
    if (request.method == "GET" && rest == std::vector<std::string>{"git", "branches"})
        return show_branches(name, request);
    if (request.method == "POST" && rest == std::vector<std::string>{"git", "modifyacls"})
        return modify_acls(name, request, require_caller(request));
    throw Error{ErrorCode::NotFound, "no such address"};
}

std::string PagureHandler::require_caller(const http::Request& request) const {
    return parts_.callers.require(request, "this");
}

http::Response PagureHandler::make_project(const http::Request& request, const std::string& user) {
    if (!parts_.callers.is_administrator(user))
        throw Error{
            ErrorCode::PermissionDenied,
            "user '" + user + "' may not make repositories; ask an administrator"};
    const Fields fields = parse_form(request.read_body(kBodyBytesMax));
    const auto name =
        dg::RepositoryName::make(get_field(fields, "namespace"), get_field(fields, "name"));
    const std::string description = find_field(fields, "description");
    parts_.repositories.create(name, {.owner = user, .description = description}, request.stop);
    json::Object result;
    result.set("message", "Project \"" + name.str() + "\" created");
    return answer_with(std::move(result));
}

http::Response PagureHandler::show_project(const dg::RepositoryName& name) const {
    const auto repository = parts_.repositories.find(name);
    const auto access = parts_.access.find(name);
    if (!repository || !access) throw Error{ErrorCode::NotFound, "Project not found"};
    json::Object users;
    users.set("owner", json::Array{access->owner});
    users.set("admin", names(access->admins));
    users.set("commit", names(access->committers));
    users.set("ticket", json::Array{});
    json::Object owner;
    owner.set("name", access->owner);
    owner.set("fullname", access->owner);
    json::Object fields;
    fields.set("name", name.name());
    fields.set("namespace", name.space());
    fields.set("fullname", name.str());
    fields.set("url_path", name.str());
    fields.set("description", repository->description);
    fields.set("date_created", std::to_string(repository->created));
    fields.set("user", std::move(owner));
    fields.set("access_users", std::move(users));
    return answer_with(std::move(fields));
}

http::Response PagureHandler::show_branches(
    const dg::RepositoryName& name, const http::Request& request) const {
    const std::string wish = to_lower(request.find_query("with_commits").value_or(""));
    const bool with_commits = wish == "true" || wish == "1";
    json::Array list;
    json::Object commits;
    std::int64_t total = 0;
    for (const dg::Branch& branch : parts_.repositories.branches(name, request.stop)) {
        ++total;
        list.emplace_back(branch.name);
        commits.set(branch.name, branch.commit);
    }
    json::Object fields;
    if (with_commits)
        fields.set("branches", std::move(commits));
    else
        fields.set("branches", std::move(list));
    fields.set("total_branches", total);
    return answer_with(std::move(fields));
}

http::Response PagureHandler::modify_acls(
    const dg::RepositoryName& name, const http::Request& request, const std::string& user) {
    const auto access = parts_.access.find(name);
    if (!access) throw Error{ErrorCode::NotFound, "Project not found"};
    const Fields fields = parse_form(request.read_body(kBodyBytesMax));
    if (get_field(fields, "user_type") != "user")
        throw Error{
            ErrorCode::InvalidArgument,
            "field 'user_type' must be 'user': groups have no rights here"};
    const std::string subject = get_field(fields, "name");
    const std::string right = find_field(fields, "acl");
    // Pagure's clients leave the field out to take a right away.
    const auto acl = right.empty() ? dg::Acl::None : dg::find_acl(right);
    if (!acl)
        throw Error{ErrorCode::InvalidArgument, "field 'acl' must be 'commit', 'admin' or 'none'"};
    const bool gives_up = *acl == dg::Acl::None && subject == user;
    if (!gives_up && !parts_.callers.is_administrator(user)
        && dg::acl_of(*access, user) != dg::Acl::Admin)
        throw Error{
            ErrorCode::PermissionDenied,
            "user '" + user + "' may not change the rights of '" + name.str() + "'; ask "
                + access->owner};
    if (!parts_.callers.exists(subject)) return no_user(subject);
    parts_.access.set(name, subject, *acl);
    return show_project(name);
}

}  // namespace nacre::api::distgit
