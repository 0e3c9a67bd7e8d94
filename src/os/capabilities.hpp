#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace nacre::os {

enum class CgroupMode : std::uint8_t {
    None,    ///< no cgroup file system is mounted
    Legacy,  ///< version 1 controllers only
    Hybrid,  ///< version 1 controllers, and a version 2 tree for processes
    Unified  ///< version 2
};

std::string_view to_string(CgroupMode mode) noexcept;

/// A mounted file system, of /proc/self/mountinfo.
struct MountEntry {
    std::string mount_point;  ///< unescaped
    std::string type;
    std::vector<std::string> super_options;
};

/// The text of /proc/self/mountinfo (proc(5)), in its order: a later one covers an earlier one at the same place. Lines
/// that are not in the format are left out.
std::vector<MountEntry> parse_mountinfo(std::string_view text);

/// The effective capabilities (a bit each) in the text of /proc/self/status; nothing when the line is missing.
std::optional<std::uint64_t> parse_effective_capabilities(std::string_view status);

/// From the mounts alone: version 1 controllers count as usable when they are mounted.
CgroupMode cgroup_mode(const std::vector<MountEntry>& mounts);

/// The version 1 controllers that are mounted ("memory", "pids", "cpu", ...).
std::vector<std::string> legacy_controllers(const std::vector<MountEntry>& mounts);

/// What this process may do on this machine.
struct Capabilities {
    bool sys_admin = false;     ///< mounts and namespaces
    bool sys_resource = false;  ///< raising hard limits
    CgroupMode cgroup_mode = CgroupMode::None;
    std::vector<std::string> cgroup_controllers;  ///< with which limits can be set

    bool has_controller(std::string_view name) const noexcept;
};

/// Reads /proc and the cgroup file system. What cannot be read counts as missing.
Capabilities read_capabilities();

/// "has CAP_SYS_ADMIN, no CAP_SYS_RESOURCE; cgroups: hybrid (cpu, memory, pids)"
std::string describe(const Capabilities& capabilities);

}  // namespace nacre::os
