#pragma once

#include "base/bytes.hpp"
#include "base/clock.hpp"
#include "base/random.hpp"
#include "cli/profile.hpp"
#include "client/koji_session.hpp"
#include "http/client.hpp"
#include "os/process.hpp"

#include <filesystem>
#include <stop_token>
#include <string_view>

namespace nacre::cli {

/// What a command of `nacre` works with. Values and references are good for the length of the command.
struct Session {
    ProfileSource profile_source;
    std::filesystem::path folder;   ///< where the user stands
    std::filesystem::path program;  ///< of this very program: for git's credential helper
    os::ProcessRunner& processes;
    http::Client& http;
    const Clock& clock;
    Random& random;
    ByteSink& out;
    ByteSink& err;
    std::stop_token stop;  ///< requested by Ctrl-C

    void print(std::string_view text) const { out.write(as_bytes(text)); }

    Profile profile() const { return load_profile(profile_source); }

    /// A connection to the hub that nobody has logged in to.
    client::KojiSession connect(const Profile& profile) const;
    /// Logged in as the profile's user. Throws Error{Unauthenticated} without a user or a password.
    client::KojiSession log_in(const Profile& profile) const;
};

}  // namespace nacre::cli
