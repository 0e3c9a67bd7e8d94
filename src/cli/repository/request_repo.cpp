#include "base/error.hpp"
#include "base/text.hpp"
#include "cli/repository/commands.hpp"
#include "json/value.hpp"

namespace nacre::cli::repository {
namespace {

std::string form(const std::vector<std::pair<std::string, std::string>>& fields) {
    std::string body;
    for (const auto& [name, value] : fields) {
        if (!body.empty()) body += "&";
        body += http::percent_encode(name) + "=" + http::percent_encode(value);
    }
    return body;
}

/// What the service says is wrong: {"error": …, "errors": …} of a Pagure API, else the text as it is.
std::string reason_of(const http::ClientResponse& response) {
    try {
        const json::Value body = json::parse(response.body);
        const json::Reader fields{body, "answer"};
        return fields.get_string("error");
    } catch (const Error&) {
        return std::string{trim(response.body)};
    }
}

void post(
    const Session& session,
    const Profile& profile,
    const std::string& path,
    const std::vector<std::pair<std::string, std::string>>& fields) {
    http::ClientRequest request;
    request.method = "POST";
    request.url = profile.apiurl + path;
    request.headers.set("Content-Type", "application/x-www-form-urlencoded");
    request.headers.set(
        "Authorization",
        "Basic " + to_base64(as_bytes(profile.user + ":" + profile.password.reveal())));
    request.body = form(fields);
    const http::ClientResponse response = session.http.exchange(request, session.stop);
    if (response.status < 200 || response.status > 299)
        throw Error{
            response.status == 401   ? ErrorCode::Unauthenticated
            : response.status == 403 ? ErrorCode::PermissionDenied
                                     : ErrorCode::Conflict,
            reason_of(response) + " (HTTP " + std::to_string(response.status) + ")"};
}

}  // namespace

int request_repo(const Session& session, const RequestOptions& options) {
    const std::vector<std::string> pieces = split(options.repository, '/');
    if (pieces.size() != 2)
        throw Error{
            ErrorCode::InvalidArgument,
            "repository is " + quoted(options.repository)
                + ", needed is NAMESPACE/NAME, such as 'container/httpd'"};
    const Profile profile = session.profile();
    with_context("cannot make repository '" + options.repository + "'", [&] {
        const std::string description = options.description.empty()
                                            ? "The " + options.repository + " repository"
                                            : options.description;
        post(
            session,
            profile,
            "/new",
            {{"namespace", pieces[0]}, {"name", pieces[1]}, {"description", description}});
    });
    session.print("made " + profile.gitbaseurl + "/" + options.repository + ".git\n");
    if (!options.owner.empty()) {
        with_context("cannot give '" + options.repository + "' to '" + options.owner + "'", [&] {
            post(
                session,
                profile,
                "/" + options.repository + "/git/modifyacls",
                {{"user_type", "user"}, {"name", options.owner}, {"acl", "commit"}});
        });
        session.print(options.owner + " may commit\n");
    }
    if (options.tags.empty()) return 0;
    const std::string package = options.package.empty() ? pieces[1] : options.package;
    client::KojiSession hub = session.log_in(profile);
    for (const std::string& tag : options.tags) {
        const std::string owner = options.owner.empty() ? profile.user : options.owner;
        hub.call("packageListAdd", koji::Array{tag, package, owner}, {});
        session.print("package " + package + " is in the list of " + tag + "\n");
    }
    hub.logout();
    return 0;
}

}  // namespace nacre::cli::repository
