#pragma once

#include "base/bytes.hpp"
#include "cli/build/options.hpp"

#include <cstdint>
#include <filesystem>
#include <stop_token>
#include <string>
#include <vector>

namespace nacre::cli::build {

/// What the commands that need no service work with. Values and references are good for the length of the command.
struct Surroundings {
    Environment environment;
    std::filesystem::path folder;  ///< where the user stands
    ByteSource& in;
    ByteSink& out;
    ByteSink& err;
    int terminal = -1;  ///< the descriptor of standard error when that is a terminal
    bool out_is_terminal = false;
    std::stop_token stop;  ///< requested by Ctrl-C

    void print(std::string_view text) const { out.write(as_bytes(text)); }
};

/// `nacre build`. Returns the exit status. Throws Error for a build that failed, Cancelled.
int build(const BuildOptions& options, const Surroundings& around);

/// `nacre images`: the names that builds can be FROM.
int images(const Surroundings& around);

/// The command line of `nacre du`.
struct DuWords {
    bool as_json = false;
    bool cache_mounts = false;
};

/// `nacre du`: bytes by what they are for, each byte once; or each cache mount.
int du(const DuWords& words, const Surroundings& around);

/// `nacre verify`: reads each blob again, and says which are damaged and what images lack. Returns 1 when anything is. What killed builds
/// left is swept first.
int verify(const Surroundings& around);

/// The command line of `nacre prune`.
struct PruneWords {
    bool all = false;
    std::vector<std::string> filters;
    std::string keep_storage;
    bool cache_mounts = false;
};

/// `nacre prune`: removes what only saves time, and named images when they are asked for; nothing that a running build uses, and those
/// that start meanwhile wait.
int prune(const PruneWords& words, const Surroundings& around);

}  // namespace nacre::cli::build
