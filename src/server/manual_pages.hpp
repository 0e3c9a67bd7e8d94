#pragma once

#include "manual/page.hpp"

namespace CLI {  // NOLINT(readability-identifier-naming): not ours
class App;
}

namespace nacre::server {

/// nacred(8).
manual::Page describe_program(const CLI::App& app);

/// nacred.toml(5), with the defaults.
manual::Page describe_config();

}  // namespace nacre::server
