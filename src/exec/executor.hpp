#pragma once

#include "base/bytes.hpp"
#include "os/process.hpp"

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

namespace nacre::exec {

enum class NetworkMode : std::uint8_t {
    None,  ///< a namespace of its own with a loopback device only
    Host   ///< the network of this machine
};

/// A file or folder of this machine in the container, besides /proc, /dev, /sys and the like, which every container gets.
struct BindMount {
    std::filesystem::path source;  ///< on this machine
    std::string target;            ///< absolute path in the container
    bool read_only = true;
    /// Instead of `source`, when not -1: an open descriptor of what to mount. Nobody can put something else in its place.
    int source_fd = -1;
    /// When not empty, `source_fd` is a mount that is attached nowhere (fsmount(2)), and this a name in it.
    std::string name_in_mount;
};

/// Memory of the container's own.
struct TmpfsMount {
    std::string target;
    std::optional<std::uint64_t> size_bytes;
};

/// setrlimit(2); nothing is no limit.
struct Ulimit {
    std::string name;  ///< "nofile", "nproc", ...
    std::optional<std::uint64_t> soft;
    std::optional<std::uint64_t> hard;
};

struct ResourceLimits {
    std::optional<std::uint64_t> memory_bytes;
    std::optional<std::uint64_t> processes;
    std::optional<double> cpus;
    std::optional<std::uint64_t> shm_bytes;  ///< of /dev/shm
    std::vector<Ulimit> ulimits;
};

/// A line of /etc/hosts.
struct HostEntry {
    std::string name;
    std::string address;
};

enum class Privileges : std::uint8_t {
    Sandbox,
    Insecure  ///< all capabilities of this process, all system calls, nothing masked
};

/// One process to run in a container.
struct ContainerSpec {
    std::string id;              ///< unique in the executor, [a-z0-9-]{1,64}
    std::filesystem::path root;  ///< the tree that becomes '/', writable
    std::vector<std::string> argv;
    std::vector<std::string> env;  ///< "NAME=value"
    std::string working_dir = "/";
    std::uint32_t uid = 0;
    std::uint32_t gid = 0;
    std::vector<std::uint32_t> additional_gids;
    std::string hostname = "localhost";
    NetworkMode network = NetworkMode::None;
    std::vector<BindMount> mounts;
    std::vector<TmpfsMount> tmpfs;
    std::vector<HostEntry> extra_hosts;
    Privileges privileges = Privileges::Sandbox;
    ResourceLimits limits;
    std::optional<std::chrono::milliseconds> time_limit;
};

/// Runs processes in containers. Thread-safe. Every implementation and the fake pass
/// tests/contract/executor_contract.cpp.
class Executor {
public:
    virtual ~Executor() = default;

    /// Runs to the end; standard output and standard error go to `output` as they come, from the calling
    /// thread. On return nothing of the container is left: no process, mount, cgroup or state. A non-zero exit
    /// is a result. Throws Error{NotFound} when argv[0] is not in the container, Error{DeadlineExceeded},
    /// Cancelled, and Error when the runtime itself fails (with its message).
    virtual os::ExitStatus run(
        const ContainerSpec& spec, ByteSink& output, std::stop_token stop) = 0;

    /// The limits that this machine cannot keep, each with the reason: "memory: ...". run() leaves them out.
    virtual std::vector<std::string> unkept(const ResourceLimits& limits) const = 0;

    /// "runc 1.1.5 (crun 1.8.1 refused: cgroups in hybrid mode not supported)": for logs and `nacred check`.
    virtual std::string describe() const = 0;
};

}  // namespace nacre::exec
