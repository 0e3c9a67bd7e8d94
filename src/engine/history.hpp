#pragma once

#include "dockerfile/syntax.hpp"
#include "engine/plan.hpp"

#include <string>
#include <utility>
#include <vector>

namespace nacre::engine {

// The words of an image's history, as `docker history` users know them.

/// `RUN |1 VERSION=2 /bin/sh -c make`; proxies are left out.
std::string history_of_run(
    const std::vector<std::pair<std::string, std::string>>& build_args,
    const std::vector<std::string>& argv);

/// `COPY --chown=web a b /dir/`.
std::string history_of_copy(const dockerfile::Copy& copy, const CopyAction& action);

/// `["httpd" "-f"]`.
std::string list_of(const std::vector<std::string>& words);

}  // namespace nacre::engine
