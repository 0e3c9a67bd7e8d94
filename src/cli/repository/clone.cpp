#include "base/error.hpp"
#include "base/text.hpp"
#include "cli/repository/commands.hpp"

#include <algorithm>

namespace nacre::cli::repository {
namespace {

bool is_plain_name(std::string_view text) {
    return !text.empty() && text.front() != '-' && text.front() != '.'
           && std::ranges::all_of(text, [](char c) {
                  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9')
                         || std::string_view{"._+-"}.find(c) != std::string_view::npos;
              });
}

/// A word for the shell that git gives the helper to.
std::string shell_quoted(const std::string& word) {
    return "'" + replace_all(word, "'", "'\\''") + "'";
}

std::string with_user(const std::string& url, const std::string& user) {
    const std::size_t authority = url.find("://");
    if (user.empty() || authority == std::string::npos) return url;
    return url.substr(0, authority + 3) + user + "@" + url.substr(authority + 3);
}

}  // namespace

int clone(const Session& session, const CloneOptions& options) {
    const std::vector<std::string> pieces = split(options.repository, '/');
    if (pieces.size() != 2 || !std::ranges::all_of(pieces, is_plain_name))
        throw Error{
            ErrorCode::InvalidArgument,
            "repository is " + quoted(options.repository)
                + ", needed is NAMESPACE/NAME, such as 'container/httpd'"};
    const Profile profile = session.profile();
    const std::string folder = options.folder.empty() ? pieces[1] : options.folder;
    os::Command command;
    command.argv = {"git", "clone"};
    std::string url = profile.gitbaseurl + "/" + options.repository + ".git";
    if (!options.anonymous) {
        url = with_user(url, profile.user);
        const std::string helper =
            "!" + shell_quoted(session.program.string()) + " --config "
            + shell_quoted(std::filesystem::absolute(session.profile_source.file).string())
            + " credential";
        command.argv.insert(command.argv.end(), {"--config", "credential.helper=" + helper});
    }
    if (!profile.serverca.empty())
        command.argv.insert(
            command.argv.end(),
            {"--config", "http.sslCAInfo=" + std::filesystem::absolute(profile.serverca).string()});
    if (!options.branch.empty())
        command.argv.insert(command.argv.end(), {"--branch", options.branch});
    command.argv.insert(command.argv.end(), {"--", url, folder});
    command.environment = os::minimal_environment();
    command.environment.emplace_back("GIT_TERMINAL_PROMPT=0");
    command.directory = session.folder;
    const os::ProcessResult done = session.processes.run(command, {}, session.stop);
    session.err.write(as_bytes(done.err));
    if (!done.status.success())
        throw Error{
            ErrorCode::Unavailable,
            "cannot clone '" + options.repository + "': git " + done.status.describe()};
    session.print("cloned " + options.repository + " into " + folder + "\n");
    return 0;
}

}  // namespace nacre::cli::repository
