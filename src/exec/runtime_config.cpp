#include "exec/runtime_config.hpp"

#include "exec/cgroup_folders.hpp"

#include <string>
#include <utility>

namespace nacre::exec {
namespace {

using json::Array;
using json::Object;

constexpr std::int64_t kCpuPeriodMicros = 100'000;

Array strings(const std::vector<std::string>& values) {
    return {values.begin(), values.end()};
}

Array strings(std::initializer_list<const char*> values) {
    Array list;
    for (const char* value : values)
        list.emplace_back(value);
    return list;
}

Object object(std::initializer_list<std::pair<const char*, json::Value>> members) {
    Object fields;
    for (const auto& [name, value] : members)
        fields.set(name, value);
    return fields;
}

Array capability_names() {
    return strings(
        {"CAP_CHOWN",
         "CAP_DAC_OVERRIDE",
         "CAP_FSETID",
         "CAP_FOWNER",
         "CAP_MKNOD",
         "CAP_NET_RAW",
         "CAP_SETGID",
         "CAP_SETUID",
         "CAP_SETFCAP",
         "CAP_SETPCAP",
         "CAP_NET_BIND_SERVICE",
         "CAP_SYS_CHROOT",
         "CAP_KILL",
         "CAP_AUDIT_WRITE"});
}

Object capabilities(const ContainerSpec& spec) {
    const Array own = spec.uid == 0 ? capability_names() : Array{};
    return object(
        {{"bounding", capability_names()},
         {"effective", own},
         {"permitted", own},
         {"inheritable", Array{}}});
}

Object process(const ContainerSpec& spec) {
    Array gids;
    for (const std::uint32_t gid : spec.additional_gids)
        gids.emplace_back(std::int64_t{gid});
    Object user = object({{"uid", std::int64_t{spec.uid}}, {"gid", std::int64_t{spec.gid}}});
    if (!gids.empty()) user.set("additionalGids", std::move(gids));
    return object(
        {{"terminal", json::Value{false}},
         {"user", std::move(user)},
         {"args", strings(spec.argv)},
         {"env", strings(spec.env)},
         {"cwd", spec.working_dir.empty() ? "/" : spec.working_dir},
         {"capabilities", capabilities(spec)},
         {"noNewPrivileges", json::Value{false}}});
}

Object mount(const char* target, const char* type, const char* source, Array options) {
    return object(
        {{"destination", target},
         {"type", type},
         {"source", source},
         {"options", std::move(options)}});
}

Array mounts(const ContainerSpec& spec) {
    Array list{
        mount("/proc", "proc", "proc", strings({"nosuid", "noexec", "nodev"})),
        mount(
            "/dev",
            "tmpfs",
            "tmpfs",
            strings({"nosuid", "strictatime", "mode=755", "size=65536k"})),
        mount(
            "/dev/pts",
            "devpts",
            "devpts",
            strings({"nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", "gid=5"})),
        mount(
            "/dev/shm",
            "tmpfs",
            "shm",
            strings({"nosuid", "noexec", "nodev", "mode=1777", "size=65536k"})),
        mount("/dev/mqueue", "mqueue", "mqueue", strings({"nosuid", "noexec", "nodev"})),
        // Never a bind of the machine's /sys: what is mounted below it, cgroups above all, would come with it, writable.
        mount("/sys", "sysfs", "sysfs", strings({"nosuid", "noexec", "nodev", "ro"}))};
    for (const BindMount& bind : spec.mounts)
        list.emplace_back(object(
            {{"destination", bind.target},
             {"type", "bind"},
             {"source", bind.source.string()},
             {"options",
              bind.read_only ? strings({"rbind", "rprivate", "nosuid", "nodev", "ro"})
                             : strings({"rbind", "rprivate", "nosuid", "nodev", "rw"})}}));
    return list;
}

Array namespaces(const ContainerSpec& spec) {
    Array list;
    for (const char* type : {"pid", "ipc", "uts", "mount"})
        list.emplace_back(object({{"type", type}}));
    if (spec.network == NetworkMode::None) list.emplace_back(object({{"type", "network"}}));
    return list;
}

Object seccomp() {
    Array names;
    for (const std::string_view name : denied_system_calls())
        names.emplace_back(name);
    return object(
        {{"defaultAction", "SCMP_ACT_ALLOW"},
         {"architectures",
          strings(
              {"SCMP_ARCH_X86_64",
               "SCMP_ARCH_X86",
               "SCMP_ARCH_X32",
               "SCMP_ARCH_AARCH64",
               "SCMP_ARCH_ARM"})},
         {"syscalls",
          Array{object(
              {{"names", std::move(names)}, {"action", "SCMP_ACT_ERRNO"}, {"errnoRet", 1}})}}});
}

Object resources(const ResourceLimits& limits) {
    Object fields;
    if (limits.memory_bytes)
        fields.set("memory", object({{"limit", static_cast<std::int64_t>(*limits.memory_bytes)}}));
    if (limits.processes)
        fields.set("pids", object({{"limit", static_cast<std::int64_t>(*limits.processes)}}));
    if (limits.cpus)
        fields.set(
            "cpu",
            object(
                {{"period", kCpuPeriodMicros},
                 {"quota",
                  static_cast<std::int64_t>(
                      *limits.cpus * static_cast<double>(kCpuPeriodMicros))}}));
    return fields;
}

Object linux_part(const ContainerSpec& spec) {
    Object fields = object(
        {{"namespaces", namespaces(spec)},
         {"cgroupsPath", CgroupFolders::path_of(spec.id)},
         {"seccomp", seccomp()},
         {"maskedPaths",
          strings(
              {"/proc/asound",
               "/proc/acpi",
               "/proc/kcore",
               "/proc/keys",
               "/proc/latency_stats",
               "/proc/timer_list",
               "/proc/timer_stats",
               "/proc/sched_debug",
               "/proc/scsi",
               "/sys/firmware",
               "/sys/devices/virtual/powercap"})},
         {"readonlyPaths",
          strings({"/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"})}});
    Object limits = resources(spec.limits);
    if (!limits.empty()) fields.set("resources", std::move(limits));
    return fields;
}

}  // namespace

json::Value runtime_config(const ContainerSpec& spec) {
    return object(
        {{"ociVersion", "1.0.2"},
         {"process", process(spec)},
         {"root", object({{"path", spec.root.string()}, {"readonly", json::Value{false}}})},
         {"hostname", spec.hostname},
         {"mounts", mounts(spec)},
         {"linux", linux_part(spec)}});
}

const std::vector<std::string_view>& denied_system_calls() {
    static const std::vector<std::string_view> kNames{
        "acct",
        "add_key",
        "bpf",
        "clock_adjtime",
        "clock_settime",
        "create_module",
        "delete_module",
        "finit_module",
        "fsconfig",
        "fsmount",
        "fsopen",
        "fspick",
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
        "mount_setattr",
        "move_mount",
        "move_pages",
        "nfsservctl",
        "open_by_handle_at",
        "open_tree",
        "perf_event_open",
        "quotactl",
        "quotactl_fd",
        "reboot",
        "request_key",
        "setns",
        "settimeofday",
        "stime",
        "swapoff",
        "swapon",
        "_sysctl",
        "syslog",
        "unshare",
        "userfaultfd",
        "vm86",
        "vm86old"};
    return kNames;
}

}  // namespace nacre::exec
