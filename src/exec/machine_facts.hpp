#pragma once

#include "exec/executor.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace nacre::exec {

/// What a machine can give to containers.
struct MachineFacts {
    std::vector<std::string> cgroup_controllers{
        "cpu", "memory", "pids"};           ///< limits can be set with
    std::vector<std::string> capabilities;  ///< "CAP_CHOWN", of this process
    /// Of this process, when it may not raise them; limits that are not named can be set freely.
    std::vector<Ulimit> hard_limits;
};

/// Of this machine and process.
MachineFacts read_machine_facts();

/// Limits that the machine can keep; `unkept` gets "memory: the cgroup controller 'memory' is not usable here" of others.
ResourceLimits kept_limits(
    ResourceLimits limits, const MachineFacts& machine, std::vector<std::string>& unkept);

/// RLIMIT_NOFILE of "nofile"; nothing for a name that is none.
std::optional<int> find_rlimit(std::string_view name);

}  // namespace nacre::exec
