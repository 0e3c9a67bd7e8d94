#pragma once

#include <cstdint>

namespace nacre::cli::build {

/// Whether FROM looks for an image in its registry.
enum class PullPolicy : std::uint8_t {
    Missing,  ///< when the store does not have it
    Always,   ///< each time
    Never
};

}  // namespace nacre::cli::build
