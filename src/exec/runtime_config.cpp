#include "exec/runtime_config.hpp"

#include "base/text.hpp"
#include "exec/cgroup_folders.hpp"
#include "exec/seccomp.hpp"

#include <algorithm>
#include <iterator>
#include <limits>
#include <string>
#include <utility>

namespace nacre::exec {
namespace {

using json::Array;
using json::Object;

constexpr std::int64_t kCpuPeriodMicros = 100'000;
constexpr std::uint64_t kShmBytes = 64U << 20U;

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

bool is_insecure(const ContainerSpec& spec) {
    return spec.privileges == Privileges::Insecure;
}

Object capabilities(const ContainerSpec& spec, const MachineFacts& machine) {
    const Array all = is_insecure(spec) ? strings(machine.capabilities) : capability_names();
    const Array own = spec.uid == 0 ? all : Array{};
    return object(
        {{"bounding", all}, {"effective", own}, {"permitted", own}, {"inheritable", Array{}}});
}

Array rlimits(const ResourceLimits& limits) {
    const auto number_of = [](std::optional<std::uint64_t> value) {
        // No file, page or second has a higher number.
        constexpr auto kUnlimited =
            static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
        return static_cast<std::int64_t>(std::min(value.value_or(kUnlimited), kUnlimited));
    };
    Array list;
    for (const Ulimit& limit : limits.ulimits)
        list.emplace_back(object(
            {{"type", "RLIMIT_" + to_upper(limit.name)},
             {"soft", number_of(limit.soft)},
             {"hard", number_of(limit.hard)}}));
    return list;
}

Object process(const ContainerSpec& spec, const MachineFacts& machine) {
    Array gids;
    for (const std::uint32_t gid : spec.additional_gids)
        gids.emplace_back(std::int64_t{gid});
    Object user = object({{"uid", std::int64_t{spec.uid}}, {"gid", std::int64_t{spec.gid}}});
    if (!gids.empty()) user.set("additionalGids", std::move(gids));
    Object fields = object(
        {{"terminal", json::Value{false}},
         {"user", std::move(user)},
         {"args", strings(spec.argv)},
         {"env", strings(spec.env)},
         {"cwd", spec.working_dir.empty() ? "/" : spec.working_dir},
         {"capabilities", capabilities(spec, machine)},
         // With it sudo, su and ping of an image would fail in a RUN.
         {"noNewPrivileges", json::Value{false}}});
    if (!spec.limits.ulimits.empty()) fields.set("rlimits", rlimits(spec.limits));
    return fields;
}

Object mount(const char* target, const char* type, const char* source, Array options) {
    return object(
        {{"destination", target},
         {"type", type},
         {"source", source},
         {"options", std::move(options)}});
}

/// What the spec asks for, folders before what is mounted in them.
Array own_mounts(const ContainerSpec& spec) {
    std::vector<std::pair<std::string, Object>> list;
    for (const BindMount& bind : spec.mounts)
        list.emplace_back(
            bind.target,
            object(
                {{"destination", bind.target},
                 {"type", "bind"},
                 {"source", bind.source.string()},
                 {"options",
                  strings(
                      {"rbind", "rprivate", "nosuid", "nodev", bind.read_only ? "ro" : "rw"})}}));
    for (const TmpfsMount& tmpfs : spec.tmpfs) {
        std::vector<std::string> options{"nosuid", "nodev", "mode=1777"};
        if (tmpfs.size_bytes) options.push_back("size=" + std::to_string(*tmpfs.size_bytes));
        list.emplace_back(
            tmpfs.target, mount(tmpfs.target.c_str(), "tmpfs", "tmpfs", strings(options)));
    }
    std::ranges::stable_sort(
        list, {}, [](const auto& item) { return std::ranges::count(item.first, '/'); });
    Array result;
    for (auto& [target, fields] : list)
        result.emplace_back(std::move(fields));
    return result;
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
            strings(
                {"nosuid",
                 "noexec",
                 "nodev",
                 "mode=1777",
                 "size=" + std::to_string(spec.limits.shm_bytes.value_or(kShmBytes))})),
        mount("/dev/mqueue", "mqueue", "mqueue", strings({"nosuid", "noexec", "nodev"})),
        // Never a bind of the machine's /sys: what is mounted below it, cgroups above all, would come with it, writable.
        mount(
            "/sys",
            "sysfs",
            "sysfs",
            strings({"nosuid", "noexec", "nodev", is_insecure(spec) ? "rw" : "ro"}))};
    Array own = own_mounts(spec);
    list.insert(
        list.end(), std::make_move_iterator(own.begin()), std::make_move_iterator(own.end()));
    return list;
}

Array namespaces(const ContainerSpec& spec) {
    Array list;
    for (const char* type : {"pid", "ipc", "uts", "mount"})
        list.emplace_back(object({{"type", type}}));
    if (spec.network == NetworkMode::None) list.emplace_back(object({{"type", "network"}}));
    return list;
}

Object resources(const ContainerSpec& spec) {
    const ResourceLimits& limits = spec.limits;
    // Runtimes add the harmless ones, /dev/null and the like. An image may hold, and a step may make, any device file.
    Object fields = object(
        {{"devices",
          Array{object({{"allow", json::Value{is_insecure(spec)}}, {"access", "rwm"}})}}});
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
         {"resources", resources(spec)}});
    if (is_insecure(spec)) return fields;
    fields.set("seccomp", seccomp_profile());
    fields.set(
        "maskedPaths",
        strings(
            {"/proc/acpi",
             "/proc/asound",
             "/proc/interrupts",
             "/proc/kcore",
             "/proc/keys",
             "/proc/latency_stats",
             "/proc/sched_debug",
             "/proc/scsi",
             "/proc/timer_list",
             "/proc/timer_stats",
             "/sys/devices/virtual/powercap",
             "/sys/firmware"}));
    fields.set(
        "readonlyPaths",
        strings({"/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"}));
    return fields;
}

}  // namespace

json::Value runtime_config(const ContainerSpec& spec, const MachineFacts& machine) {
    return object(
        {{"ociVersion", "1.0.2"},
         {"process", process(spec, machine)},
         {"root", object({{"path", spec.root.string()}, {"readonly", json::Value{false}}})},
         {"hostname", spec.hostname},
         {"mounts", mounts(spec)},
         {"linux", linux_part(spec)}});
}

}  // namespace nacre::exec
