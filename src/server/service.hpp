#pragma once

#include "base/log.hpp"
#include "os/signals.hpp"
#include "server/config.hpp"
#include "server/layout.hpp"

#include <filesystem>
#include <stop_token>
#include <string>

namespace nacre::server {

struct ServiceOptions {
    Config config;
    Layout layout;
    std::filesystem::path program;  ///< this executable: workers are started from it
    const os::SignalBell& reload;   ///< certificates are read again; outlives the service
};

/// `nacred serve`: hub, builder, dist-git, registry, mirror and pages in one process, until `stop` is requested. Cleans up
/// first what a killed run left. The address is in Layout::address_file() while it runs. Throws Error{Conflict} when another
/// service uses the data folder, Error{InvalidArgument} for certificates that cannot be used.
void run_service(const ServiceOptions& options, Log log, std::stop_token stop);

/// `nacred hub`: the hub alone, one of several over the same PostgreSQL and the same folder Layout::koji_top(), each with
/// a data folder of its own. Throws like run_service(), and Error{InvalidArgument} without a PostgreSQL.
void run_hub(const ServiceOptions& options, Log log, std::stop_token stop);

}  // namespace nacre::server
