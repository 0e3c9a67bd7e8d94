#pragma once

#include "api/distgit/callers.hpp"
#include "base/guarded.hpp"
#include "distgit/access.hpp"
#include "distgit/repositories.hpp"
#include "http/server.hpp"
#include "os/process.hpp"

#include <filesystem>
#include <string>

namespace nacre::api::distgit {

/// The smart HTTP protocol of git (gitprotocol-http(5)) for "/git/NAMESPACE/NAME.git/…", answered by git's own
/// http-backend. Everybody may read; a push needs credentials of a user with commit rights. Bodies are streamed in both
/// directions; the backend and all it started are killed when the client goes away. Thread-safe.
class GitHandler final : public http::Handler {
public:
    struct Parts {
        std::filesystem::path root;  ///< of the bare repositories
        const nacre::distgit::Repositories& repositories;
        const nacre::distgit::AccessList& access;
        const Callers& callers;
        os::ProcessRunner& runner;
    };

    /// Backends that run at once; more requests get 503.
    static constexpr int kBackendsMax = 32;

    explicit GitHandler(Parts parts) : parts_{std::move(parts)} {}

    http::Response handle(const http::Request& request) override;

private:
    struct Target;

    static std::optional<Target> target_of(const http::Request& request);
    std::string authorise_push(
        const http::Request& request, const nacre::distgit::RepositoryName& name) const;
    os::Command command_for(
        const http::Request& request, const Target& target, const std::string& user) const;

    Parts parts_;
    Guarded<int> running_{0};
};

}  // namespace nacre::api::distgit
