#include "api/registry/push_policy.hpp"

#include "base/error.hpp"
#include "base/text.hpp"

namespace nacre::api::registry {

void ClosedPushPolicy::check_credentials(const http::Request& /*request*/) const {}

void ClosedPushPolicy::check_push(
    const http::Request& /*request*/, std::string_view repository) const {
    throw Error{
        ErrorCode::PermissionDenied,
        "pushing to " + nacre::quoted(repository) + " is not allowed: images come from builds"}
        .with_hint("commit a Dockerfile to dist-git and run 'nacre container-build'");
}

}  // namespace nacre::api::registry
