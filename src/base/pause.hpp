#pragma once

#include "base/random.hpp"

#include <chrono>
#include <stop_token>

namespace nacre {

/// Pauses between attempts: each twice as long as the one before.
struct Backoff {
    std::chrono::milliseconds first;
    std::chrono::milliseconds max;
};

/// How long to wait after attempt number `attempt`, from 0: between half of the pause and all of it, so that those who failed together
/// do not come back all at once.
std::chrono::milliseconds pause_after(const Backoff& backoff, int attempt, Random& random);

/// Waits. Throws Cancelled as soon as the stop is requested.
void pause(std::chrono::milliseconds time, const std::stop_token& stop);

}  // namespace nacre
