#pragma once

#include "backend/backend.hpp"
#include "base/bytes.hpp"

#include <functional>
#include <string>
#include <vector>

namespace nacre::backend {

struct LocalBackendConfig {
    std::vector<std::string> program;      ///< {"/usr/bin/nacred", "worker"}
    std::vector<std::string> environment;  ///< "NAME=value" besides the minimal one
    int log_fd = -1;                       ///< standard error of workers; stays the caller's
    /// Called when a worker has ended in any way, on the thread that saw it: removes what a killed one left (containers,
    /// mounts). Must not throw.
    std::function<void(const WorkerSpec&)> clean_up;
};

/// Workers are child processes of this one, each leader of a session of its own. The specification goes through standard
/// input: arguments and environment of a process can be read by others, and it holds a key. The kernel kills workers
/// when this process dies.
class LocalBackend final : public Backend {
public:
    /// `runner` outlives it and its workers.
    LocalBackend(LocalBackendConfig config, os::ProcessRunner& runner);

    std::unique_ptr<Worker> submit(const WorkerSpec& spec) override;

private:
    const LocalBackendConfig config_;
    os::ProcessRunner& runner_;
};

/// One line of JSON.
std::string render(const WorkerSpec& spec);
/// The worker's side. Throws Error{InvalidArgument} for anything else.
WorkerSpec read_worker_spec(ByteSource& in);

}  // namespace nacre::backend
