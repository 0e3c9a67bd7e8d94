#include "exec/machine_facts.hpp"

#include "os/capabilities.hpp"
#include "os/file.hpp"

#include <sys/resource.h>

#include <algorithm>
#include <array>
#include <utility>

namespace nacre::exec {
namespace {

constexpr std::size_t kStatusBytesMax = 64U << 10U;

constexpr std::array<std::pair<std::string_view, int>, 16> kRlimits{
    {{"as", RLIMIT_AS},
     {"core", RLIMIT_CORE},
     {"cpu", RLIMIT_CPU},
     {"data", RLIMIT_DATA},
     {"fsize", RLIMIT_FSIZE},
     {"locks", RLIMIT_LOCKS},
     {"memlock", RLIMIT_MEMLOCK},
     {"msgqueue", RLIMIT_MSGQUEUE},
     {"nice", RLIMIT_NICE},
     {"nofile", RLIMIT_NOFILE},
     {"nproc", RLIMIT_NPROC},
     {"rss", RLIMIT_RSS},
     {"rtprio", RLIMIT_RTPRIO},
     {"rttime", RLIMIT_RTTIME},
     {"sigpending", RLIMIT_SIGPENDING},
     {"stack", RLIMIT_STACK}}};

/// By number (linux/capability.h).
constexpr std::array<const char*, 41> kCapabilities{
    "CAP_CHOWN",
    "CAP_DAC_OVERRIDE",
    "CAP_DAC_READ_SEARCH",
    "CAP_FOWNER",
    "CAP_FSETID",
    "CAP_KILL",
    "CAP_SETGID",
    "CAP_SETUID",
    "CAP_SETPCAP",
    "CAP_LINUX_IMMUTABLE",
    "CAP_NET_BIND_SERVICE",
    "CAP_NET_BROADCAST",
    "CAP_NET_ADMIN",
    "CAP_NET_RAW",
    "CAP_IPC_LOCK",
    "CAP_IPC_OWNER",
    "CAP_SYS_MODULE",
    "CAP_SYS_RAWIO",
    "CAP_SYS_CHROOT",
    "CAP_SYS_PTRACE",
    "CAP_SYS_PACCT",
    "CAP_SYS_ADMIN",
    "CAP_SYS_BOOT",
    "CAP_SYS_NICE",
    "CAP_SYS_RESOURCE",
    "CAP_SYS_TIME",
    "CAP_SYS_TTY_CONFIG",
    "CAP_MKNOD",
    "CAP_LEASE",
    "CAP_AUDIT_WRITE",
    "CAP_AUDIT_CONTROL",
    "CAP_SETFCAP",
    "CAP_MAC_OVERRIDE",
    "CAP_MAC_ADMIN",
    "CAP_SYSLOG",
    "CAP_WAKE_ALARM",
    "CAP_BLOCK_SUSPEND",
    "CAP_AUDIT_READ",
    "CAP_PERFMON",
    "CAP_BPF",
    "CAP_CHECKPOINT_RESTORE"};

std::optional<std::uint64_t> limit_of(rlim_t value) {
    if (value == RLIM_INFINITY) return std::nullopt;
    return std::uint64_t{value};
}

bool exceeds(std::optional<std::uint64_t> value, std::optional<std::uint64_t> bound) {
    return bound && (!value || *value > *bound);
}

std::string text_of(std::optional<std::uint64_t> value) {
    return value ? std::to_string(*value) : "unlimited";
}

}  // namespace

MachineFacts read_machine_facts() {
    MachineFacts facts;
    const os::Capabilities own = os::read_capabilities();
    facts.cgroup_controllers = own.cgroup_controllers;
    const std::uint64_t effective =
        os::parse_effective_capabilities(
            os::find_file("/proc/self/status", kStatusBytesMax).value_or(""))
            .value_or(0);
    for (std::size_t i = 0; i < kCapabilities.size(); ++i)
        if ((effective >> i & 1U) != 0) facts.capabilities.emplace_back(kCapabilities.at(i));
    if (own.sys_resource) return facts;
    for (const auto& [name, number] : kRlimits) {
        rlimit now{};
        if (::getrlimit(static_cast<__rlimit_resource>(number), &now) != 0) continue;
        if (const auto hard = limit_of(now.rlim_max))
            facts.hard_limits.push_back({std::string{name}, hard, hard});
    }
    return facts;
}

ResourceLimits kept_limits(
    ResourceLimits limits, const MachineFacts& machine, std::vector<std::string>& unkept) {
    const auto need = [&](auto& limit, const std::string& name, const std::string& controller) {
        if (!limit || std::ranges::count(machine.cgroup_controllers, controller) > 0) return;
        limit.reset();
        unkept.push_back(
            name + ": the cgroup controller '" + controller + "' is not usable on this machine");
    };
    need(limits.memory_bytes, "memory", "memory");
    need(limits.processes, "processes", "pids");
    need(limits.cpus, "cpus", "cpu");
    for (Ulimit& limit : limits.ulimits) {
        const auto bound = std::ranges::find(machine.hard_limits, limit.name, &Ulimit::name);
        if (bound == machine.hard_limits.end() || !exceeds(limit.hard, bound->hard)) continue;
        unkept.push_back(
            "ulimit " + limit.name + ": " + text_of(limit.hard) + " is above "
            + text_of(bound->hard) + ", which this process may not raise");
        limit.hard = bound->hard;
        if (exceeds(limit.soft, bound->hard)) limit.soft = bound->hard;
    }
    return limits;
}

std::optional<int> find_rlimit(std::string_view name) {
    const auto found = std::ranges::find(kRlimits, name, &std::pair<std::string_view, int>::first);
    if (found == kRlimits.end()) return std::nullopt;
    return found->second;
}

}  // namespace nacre::exec
