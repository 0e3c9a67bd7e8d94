#include "exec/seccomp.hpp"

#include <linux/sched.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <utility>

namespace nacre::exec {
namespace {

using json::Array;
using json::Object;

// CLONE_NEWTIME is not among them: clone() has the signal of the child's end in that byte.
constexpr std::array<std::uint64_t, 7> kNamespaceFlags{
    CLONE_NEWNS,
    CLONE_NEWCGROUP,
    CLONE_NEWUTS,
    CLONE_NEWIPC,
    CLONE_NEWUSER,
    CLONE_NEWPID,
    CLONE_NEWNET};
constexpr std::array<int, 2> kSocketFamilies{AF_VSOCK, AF_ALG};

Object rule(Array names, int error) {
    Object fields;
    fields.set("names", std::move(names));
    fields.set("action", "SCMP_ACT_ERRNO");
    fields.set("errnoRet", std::int64_t{error});
    return fields;
}

/// `value` is compared with the first argument as `how` says.
Object rule_for_first(const char* name, int error, const char* how, std::uint64_t value) {
    Object fields = rule(Array{name}, error);
    Object argument;
    argument.set("index", std::int64_t{0});
    argument.set("value", static_cast<std::int64_t>(value));
    argument.set("valueTwo", static_cast<std::int64_t>(value));
    argument.set("op", how);
    fields.set("args", Array{std::move(argument)});
    return fields;
}

}  // namespace

json::Value seccomp_profile() {
    Array denied;
    for (const std::string_view name : denied_system_calls())
        denied.emplace_back(name);
    Array rules{rule(std::move(denied), EPERM), rule(Array{"clone3"}, ENOSYS)};
    for (const std::uint64_t flag : kNamespaceFlags)
        rules.emplace_back(rule_for_first("clone", EPERM, "SCMP_CMP_MASKED_EQ", flag));
    for (const int family : kSocketFamilies)
        rules.emplace_back(rule_for_first(
            "socket", EAFNOSUPPORT, "SCMP_CMP_EQ", static_cast<std::uint64_t>(family)));
    Array architectures;
    for (const char* name :
         {"SCMP_ARCH_X86_64",
          "SCMP_ARCH_X86",
          "SCMP_ARCH_X32",
          "SCMP_ARCH_AARCH64",
          "SCMP_ARCH_ARM"})
        architectures.emplace_back(name);
    Object profile;
    profile.set("defaultAction", "SCMP_ACT_ALLOW");
    profile.set("architectures", std::move(architectures));
    profile.set("syscalls", std::move(rules));
    return profile;
}

const std::vector<std::string_view>& denied_system_calls() {
    static const std::vector<std::string_view> kNames{
        "_sysctl",
        "acct",
        "add_key",
        "bpf",
        "clock_adjtime",
        "clock_settime",
        "create_module",
        "delete_module",
        "fanotify_init",
        "finit_module",
        "fsconfig",
        "fsmount",
        "fsopen",
        "fspick",
        "get_kernel_syms",
        "get_mempolicy",
        "init_module",
        "io_uring_enter",
        "io_uring_register",
        "io_uring_setup",
        "ioperm",
        "iopl",
        "kcmp",
        "kexec_file_load",
        "kexec_load",
        "keyctl",
        "lookup_dcookie",
        "lsm_set_self_attr",
        "mbind",
        "migrate_pages",
        "mount",
        "mount_setattr",
        "move_mount",
        "move_pages",
        "nfsservctl",
        "open_by_handle_at",
        "open_tree",
        "perf_event_open",
        "pidfd_getfd",
        "pivot_root",
        "query_module",
        "quotactl",
        "quotactl_fd",
        "reboot",
        "request_key",
        "set_mempolicy",
        "set_mempolicy_home_node",
        "setdomainname",
        "sethostname",
        "setns",
        "settimeofday",
        "stime",
        "swapoff",
        "swapon",
        "syslog",
        "umount",
        "umount2",
        "unshare",
        "uselib",
        "userfaultfd",
        "vhangup",
        "vm86",
        "vm86old"};
    return kNames;
}

}  // namespace nacre::exec
