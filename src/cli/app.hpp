#pragma once

namespace nacre::cli {

/// `nacre`: parses the command line, runs one command, and maps what it throws to an exit status: 0 done, 1 failed, 2 wrong
/// usage, 75 a peer is away, try again. Ctrl-C stops the command, not the task that it watches.
int run(int argc, char** argv);

}  // namespace nacre::cli
