#include "api/distgit/git_handler.hpp"

#include "api/distgit/cgi.hpp"
#include "base/error.hpp"
#include "base/text.hpp"
#include "distgit/git_repositories.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace nacre::api::distgit {
namespace {

namespace dg = nacre::distgit;

constexpr std::string_view kPrefix = "/git/";
constexpr std::string_view kPushService = "git-receive-pack";
constexpr std::array<std::string_view, 3> kPaths{
    "info/refs", "git-upload-pack", "git-receive-pack"};

http::Response need_credentials(const std::string& text) {
    http::Response response = http::Response::plain(401, text + "\n");
    response.headers.set("WWW-Authenticate", "Basic realm=\"Nacre dist-git\", charset=\"UTF-8\"");
    return response;
}

/// "/git/container/httpd.git" and "info/refs" of "/git/container/httpd.git/info/refs".
std::optional<std::pair<std::string, std::string>> split_path(const std::string& path) {
    if (!path.starts_with(kPrefix)) return std::nullopt;
    const std::size_t end = path.find(".git/");
    if (end == std::string::npos) return std::nullopt;
    return std::pair{path.substr(kPrefix.size(), end - kPrefix.size()), path.substr(end + 5)};
}

}  // namespace

struct GitHandler::Target {
    dg::RepositoryName name;
    std::string path;     ///< behind the repository: "info/refs"
    std::string service;  ///< of "info/refs"
    bool is_push = false;
};

std::optional<GitHandler::Target> GitHandler::target_of(const http::Request& request) {
    const auto parts = split_path(request.path);
    if (!parts) return std::nullopt;
    const auto name = dg::RepositoryName::try_parse(parts->first);
    const std::string& path = parts->second;
    if (!name || std::ranges::find(kPaths, path) == kPaths.end()) return std::nullopt;
    const std::string service = request.find_query("service").value_or("");
    // Without a service it would be the dumb protocol, which reads files as they lie.
    if (path == "info/refs" && !service.starts_with("git-")) return std::nullopt;
    return Target{
        .name = *name,
        .path = path,
        .service = service,
        .is_push = path == kPushService || service == kPushService};
}

std::string GitHandler::authorise_push(
    const http::Request& request, const dg::RepositoryName& name) const {
    const std::string user = parts_.callers.require(request, "pushing to '" + name.str() + "'");
    if (parts_.callers.is_administrator(user)) return user;
    const auto access = parts_.access.find(name);
    if (!access) throw Error{ErrorCode::NotFound, "there is no repository '" + name.str() + "'"};
    dg::require_push(*access, name, user);
    return user;
}

os::Command GitHandler::command_for(
    const http::Request& request, const Target& target, const std::string& user) const {
    os::Command command;
    command.argv = {"git", "http-backend"};
    command.environment = dg::git_environment();
    const auto set = [&](const std::string& name, const std::string& value) {
        command.environment.push_back(name + "=" + value);
    };
    set("GATEWAY_INTERFACE", "CGI/1.1");
    set("GIT_PROJECT_ROOT", parts_.root.string());
    set("GIT_HTTP_EXPORT_ALL", "1");
    set("PATH_INFO", "/" + target.name.str() + ".git/" + target.path);
    // Not as received: of two services git takes the last, and we checked the first.
    set("QUERY_STRING",
        target.service.empty() ? "" : "service=" + http::percent_encode(target.service));
    set("REQUEST_METHOD", request.method);
    set("SERVER_PROTOCOL", "HTTP/1.1");
    set("REMOTE_ADDR", request.peer);
    set("CONTENT_TYPE", request.headers.find("Content-Type").value_or(""));
    // No CONTENT_LENGTH: git http-backend spins for ever when fewer bytes come. The end of its input is enough.
    if (const auto encoding = request.headers.find("Content-Encoding"))
        set("HTTP_CONTENT_ENCODING", *encoding);
    if (const auto protocol = request.headers.find("Git-Protocol")) set("GIT_PROTOCOL", *protocol);
    if (!user.empty()) set("REMOTE_USER", user);
    return command;
}

http::Response GitHandler::handle(const http::Request& request) {
    const auto target = target_of(request);
    if (!target || !parts_.repositories.find(target->name))
        return http::Response::plain(404, "there is no such repository\n");
    std::string user;
    if (target->is_push) {
        try {
            user = authorise_push(request, target->name);
        } catch (const Error& error) {
            if (error.code() == ErrorCode::Unauthenticated)
                return need_credentials(error.describe());
            throw;
        }
    }
    {
        auto running = running_.lock();
        if (*running >= kBackendsMax)
            throw Error{
                ErrorCode::Unavailable,
                "too many git requests at once, limit " + std::to_string(kBackendsMax)};
        ++*running;
    }
    return run_cgi(parts_.runner, command_for(request, *target, user), request, [this] {
        --*running_.lock();
    });
}

}  // namespace nacre::api::distgit
