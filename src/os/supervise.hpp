#pragma once

#include "os/process.hpp"

#include <sys/types.h>

namespace nacre::os {

/// Where the kernel lists the children of the calling thread; supervision needs it.
constexpr const char* kChildrenFile = "/proc/thread-self/children";

/// Makes the calling process, which has one thread and all signals blocked, the reaper of all descendants that lose
/// their parent. Returns 0 or the error number. Async-signal-safe.
int adopt_orphans() noexcept;

/// The rest of the life of a process between us and `child`: waits until the child, and what `orphans` asks for, has ended
/// or `lifeline` is closed at its other end, kills every descendant that is left, and ends with the status to report.
/// Async-signal-safe.
[[noreturn]] void supervise(pid_t child, int lifeline, Orphans orphans) noexcept;

}  // namespace nacre::os
