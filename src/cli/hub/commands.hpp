#pragma once

#include "cli/session.hpp"
#include "koji/value.hpp"

#include <filesystem>
#include <string>
#include <vector>

namespace nacre::cli::hub {

struct LoginOptions {
    std::filesystem::path password_file;  ///< "-": standard input
};

/// Tries the credentials and writes them into the configuration file, readable for its owner only.
int login(const Session& session, const LoginOptions& options);

struct CallOptions {
    std::string method;
    std::vector<std::string> arguments;
    bool json = false;
};

/// One call of the protocol: any method of the hub, as `koji call` does it. Arguments that are JSON are taken as such, all
/// others are strings; NAME=VALUE is a keyword argument.
int call(const Session& session, const CallOptions& options);

/// Pure half of call(): positional and keyword arguments of words. Exposed for its tests.
koji::Array parse_arguments(const std::vector<std::string>& words);

}  // namespace nacre::cli::hub
