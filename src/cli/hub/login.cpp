#include "base/error.hpp"
#include "base/text.hpp"
#include "cli/hub/commands.hpp"
#include "os/file.hpp"

#include <fcntl.h>
#include <unistd.h>

namespace nacre::cli::hub {
namespace {

constexpr std::size_t kPasswordBytesMax = 4096;
constexpr std::size_t kConfigBytesMax = 1U << 20U;
constexpr mode_t kOwnerOnly = 0600;

Secret read_password(const std::filesystem::path& file) {
    const std::string text = file == "-" ? os::read_all(STDIN_FILENO, kPasswordBytesMax)
                                         : os::read_file(file, kPasswordBytesMax);
    Secret password{std::string{trim(text)}};
    if (password.empty())
        throw Error{ErrorCode::InvalidArgument, "the password in '" + file.string() + "' is empty"};
    return password;
}

}  // namespace

int login(const Session& session, const LoginOptions& options) {
    Profile profile = session.profile();
    if (profile.user.empty())
        throw Error{ErrorCode::InvalidArgument, "no user is given"}.with_hint("add --user NAME");
    profile.password = read_password(options.password_file);
    if (!profile.serverca.empty())
        profile.serverca = std::filesystem::absolute(profile.serverca).lexically_normal().string();
    session.log_in(profile).logout();
    const std::filesystem::path& file = session.profile_source.file;
    if (file.has_parent_path()) os::ensure_directory(file.parent_path());
    const std::string before = os::find_file(file, kConfigBytesMax).value_or("");
    os::write_file_atomically(
        file,
        render_profile(before, session.profile_source.section, profile),
        os::Durability::Synced,
        kOwnerOnly);
    session.print(
        "logged in to " + profile.server + " as " + profile.user + "; kept in " + file.string()
        + "\n");
    return 0;
}

}  // namespace nacre::cli::hub
