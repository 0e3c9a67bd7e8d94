#pragma once

#include "api/distgit/callers.hpp"
#include "base/log.hpp"
#include "distgit/access.hpp"
#include "distgit/lookaside.hpp"
#include "distgit/repositories.hpp"
#include "http/server.hpp"

#include <cstdint>
#include <string>
#include <utility>

namespace nacre::api::distgit {

struct LookasideConfig {
    std::string default_namespace = "rpms";       ///< of a name without one
    std::uint64_t upload_bytes_max = 10U << 30U;  ///< of one file
};

/// The lookaside cache as rpkg speaks to it (reference B.2.2): "/repo/pkgs/..." and "/lookaside/pkgs/..." for downloads,
/// "/repo/pkgs/upload.cgi" for checks and uploads, whose answers are the original's, byte for byte. Uploading needs the
/// right to push. Thread-safe.
class LookasideHandler final : public http::Handler {
public:
    /// What it works with; all of it outlives the handler.
    struct Parts {
        nacre::distgit::Lookaside& lookaside;
        const nacre::distgit::Repositories& repositories;
        const nacre::distgit::AccessList& access;
        const Callers& callers;
    };

    LookasideHandler(const Parts& parts, LookasideConfig config, Log log)
        : parts_{parts},
          config_{std::move(config)},
          log_{log} {}

    http::Response handle(const http::Request& request) override;

private:
    http::Response download(const http::Request& request, const std::string& path);
    http::Response upload(const http::Request& request);

    Parts parts_;
    LookasideConfig config_;
    Log log_;
};

}  // namespace nacre::api::distgit
