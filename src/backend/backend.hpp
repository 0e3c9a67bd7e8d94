#pragma once

#include "os/process.hpp"

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

namespace nacre::backend {

/// What a build worker needs to know. It is handed over in a way that other users of the machine cannot read.
struct WorkerSpec {
    std::int64_t task_id = 0;
    std::string hub_url;  ///< "http://127.0.0.1:8080/kojihub"
    std::int64_t session_id = 0;
    std::string session_key;  ///< of a subsession of the builder's host session
    std::string
        data_root;  ///< where the embedded worker finds blobs, snapshots and git repositories
};

/// A worker that was started. Dropping it kills the worker with everything it started. One thread at a time.
class Worker {
public:
    virtual ~Worker() = default;

    /// Nothing while it runs, after waiting for at most `limit`; how it ended afterwards. A worker reports the
    /// result of its task to the hub by itself: a status other than success means that it could not.
    virtual std::optional<os::ExitStatus> wait_for(std::chrono::milliseconds limit) = 0;

    /// Asks it to stop, and kills it and all it started after `grace`. Returns when nothing of it is left.
    virtual void cancel(std::chrono::milliseconds grace) = 0;
};

/// Where builds run. Thread-safe. Every implementation passes tests/contract/backend_contract.cpp.
class Backend {
public:
    virtual ~Backend() = default;
    virtual std::unique_ptr<Worker> submit(const WorkerSpec& spec) = 0;
};

}  // namespace nacre::backend
