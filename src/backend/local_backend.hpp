#pragma once

#include "backend/backend.hpp"
#include "backend/worker_spec.hpp"

#include <functional>
#include <string>
#include <vector>

namespace nacre::backend {

struct LocalBackendConfig {
    std::vector<std::string> program;      ///< {"/usr/bin/nacred", "worker"}
    std::vector<std::string> environment;  ///< "NAME=value" besides the minimal one
    int log_fd = -1;                       ///< standard error of workers; stays the caller's
    /// Called once when a worker has ended in any way, on the thread that saw it: removes what a killed one left
    /// besides processes (state of containers, mounts). Must not throw.
    std::function<void(const WorkerSpec&)> clean_up;
};

/// Workers are child processes of this one, each leader of a session of its own. The specification is given on standard
/// input: arguments and environment of a process can be read by others, and it holds a key. A worker's descendants
/// end with it, daemons included, and all end when this process dies.
class LocalBackend final : public Backend {
public:
    /// `runner` outlives it and its workers.
    LocalBackend(LocalBackendConfig config, os::ProcessRunner& runner);

    /// Throws Error{NotFound} when there is no such program, SystemError when it cannot be started.
    std::unique_ptr<Worker> submit(const WorkerSpec& spec) override;

private:
    const LocalBackendConfig config_;
    os::ProcessRunner& runner_;
};

}  // namespace nacre::backend
