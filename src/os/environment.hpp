#pragma once

#include <optional>
#include <string>

namespace nacre::os {

/// A variable of this process's environment. Only composition roots ask: everybody below gets values.
std::optional<std::string> find_environment(const std::string& name);

}  // namespace nacre::os
