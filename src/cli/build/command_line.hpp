#pragma once

#include "cli/build/commands.hpp"

#include <functional>

namespace CLI {
class App;
}

namespace nacre::cli::build {

/// A command that needs no service, with its options.
using LocalAction = std::function<int(const Surroundings&)>;

/// Adds `build`, `images`, `du`, `prune` and `verify`. The one that is chosen sets `action`, which outlives the application.
void add_commands(CLI::App& app, LocalAction& action);

}  // namespace nacre::cli::build
