#pragma once

#include "exec/oci_runtime_executor.hpp"

#include <filesystem>
#include <vector>

namespace nacre::exec {

/// Where runtimes are looked for, the preferred one first: crun, then runc.
std::vector<std::filesystem::path> default_runtimes();

/// Starts a trivial container with each candidate and returns the first that works, with the reasons of those before it: "runc
/// 1.1.5 (crun 1.8.1 refused: ...)". One that refuses cgroups of both versions is tried again out of sight of version 2. The
/// answer is kept in `state` until a candidate or the
/// boot changes. Throws Error{Unsupported} with all reasons when none works.
Runtime probe_runtimes(
    const std::vector<std::filesystem::path>& candidates,
    const std::filesystem::path& state,
    os::ProcessRunner& runner);

}  // namespace nacre::exec
