#pragma once

namespace nacre::server {

/// `nacred`: parses the command line and runs one command (docs/reference/nacred.md, and worker). Exit status: 0 done,
/// 1 failed, 2 wrong usage, 75 try again.
int run(int argc, char** argv);

}  // namespace nacre::server
