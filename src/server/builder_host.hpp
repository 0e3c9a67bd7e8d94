#pragma once

#include "api/koji/dispatcher.hpp"
#include "base/log.hpp"
#include "hub/hub.hpp"
#include "os/process.hpp"
#include "server/config.hpp"
#include "server/layout.hpp"
#include "store/overlay_snapshotter.hpp"

#include <filesystem>
#include <memory>
#include <stop_token>
#include <string>

namespace nacre::server {

struct BuilderHostParts {
    const BuilderSettings& settings;
    const Layout& layout;
    std::filesystem::path program;
    std::string hub_url;  ///< for workers
    hub::Hub& hub;
    const api::koji::Dispatcher& dispatcher;
    os::ProcessRunner& runner;
    store::OverlaySnapshotter& snapshots;
    Log log;
};

/// This machine as a builder of its own hub: makes sure that the hub knows it, finds an OCI runtime, removes what killed workers
/// left, and runs the task loop. Everything it was given outlives it.
class BuilderHost {
public:
    /// Throws Error{Unsupported} when no OCI runtime works here.
    explicit BuilderHost(const BuilderHostParts& parts);
    BuilderHost(const BuilderHost&) = delete;
    BuilderHost& operator=(const BuilderHost&) = delete;
    ~BuilderHost();

    /// Until `stop`: the body of a thread, which starts and owns all workers.
    void run(const std::stop_token& stop);

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace nacre::server
