#pragma once

#include "os/process.hpp"

namespace nacre::os {

/// A child that has executed its program.
struct Spawned {
    pid_t pid = -1;
    UniqueFd pidfd;
    UniqueFd lifeline;  ///< closing it ends the whole tree; set when there is a supervisor
};

/// The program's path: argv[0] itself when it has a '/', else the first match in the standard PATH.
/// Throws Error{NotFound}, Error{InvalidArgument} for an empty argv.
std::string find_program(const Command& command);

/// Forks and executes; the caller owns the child and reaps it. Throws SystemError naming the step that
/// failed in the child; there is no child then.
Spawned spawn(const Command& command, const Stdio& stdio);

}  // namespace nacre::os
