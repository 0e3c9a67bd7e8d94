#pragma once

#include "cli/session.hpp"

#include <cstdint>
#include <string>

namespace nacre::cli::task {

struct WatchOptions {
    std::int64_t task = 0;
    bool quiet = false;  ///< states only, without the log
};

/// Follows a task and its log to the end. 0 when it closed, 1 otherwise; the cause of a failure comes first on standard
/// error. Interrupting it does no harm to the task.
int watch(const Session& session, const WatchOptions& options);

int cancel(const Session& session, std::int64_t task);

}  // namespace nacre::cli::task
