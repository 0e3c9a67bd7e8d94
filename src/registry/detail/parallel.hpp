#pragma once

#include <cstddef>
#include <functional>
#include <stop_token>

namespace nacre::registry::detail {

/// Runs `job` for 0 to count - 1, at most `parallel` at once, each exactly once. The first exception of a job stops the others
/// and is thrown when all have ended. Runs on the calling thread when there is nothing to do at once.
void run_parallel(
    std::size_t count,
    std::size_t parallel,
    const std::function<void(std::size_t, std::stop_token)>& job,
    const std::stop_token& stop);

}  // namespace nacre::registry::detail
