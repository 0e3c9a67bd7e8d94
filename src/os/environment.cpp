#include "os/environment.hpp"

#include <cstdlib>

namespace nacre::os {

std::optional<std::string> find_environment(const std::string& name) {
    // Read at start, before any thread could change the environment.
    const char* value = ::getenv(name.c_str());  // NOLINT(concurrency-mt-unsafe)
    if (value == nullptr) return std::nullopt;
    return value;
}

}  // namespace nacre::os
