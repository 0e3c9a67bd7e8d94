#include "base/text.hpp"
#include "cli/repository/commands.hpp"

#include <map>

namespace nacre::cli::repository {

int credential(const Session& session, const std::string& operation, const std::string& input) {
    if (operation != "get") return 0;
    std::map<std::string, std::string> asked;
    for (const std::string& line : split(input, '\n')) {
        const std::size_t equals = line.find('=');
        if (equals != std::string::npos) asked[line.substr(0, equals)] = line.substr(equals + 1);
    }
    const Profile profile = session.profile();
    // The password goes to the address that it belongs to, whatever a repository's configuration says.
    const std::string address = asked["protocol"] + "://" + asked["host"] + "/";
    const bool other_user = asked.contains("username") && asked["username"] != profile.user;
    if (!(profile.gitbaseurl + "/").starts_with(address) || other_user || profile.password.empty())
        return 0;
    session.print("username=" + profile.user + "\npassword=" + profile.password.reveal() + "\n");
    return 0;
}

}  // namespace nacre::cli::repository
