#include "cli/session.hpp"

#include "base/error.hpp"

namespace nacre::cli {

client::KojiSession Session::connect(const Profile& profile) const {
    return client::KojiSession{{.url = profile.server}, http, random, clock, stop};
}

client::KojiSession Session::log_in(const Profile& profile) const {
    if (profile.user.empty() || profile.password.empty())
        throw Error{ErrorCode::Unauthenticated, "there are no credentials for " + profile.server}
            .with_hint("run 'nacre login --server " + profile.server + " --user NAME'");
    client::KojiSession hub = connect(profile);
    hub.login(profile.user, profile.password);
    return hub;
}

}  // namespace nacre::cli
