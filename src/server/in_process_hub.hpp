#pragma once

#include "api/koji/dispatcher.hpp"
#include "builder/hub_connection.hpp"
#include "builder/task_loop.hpp"

#include <cstdint>
#include <string>

namespace nacre::server {

/// The builder's own connection when hub and builder are one process: the same methods on the same kind of session, without
/// a wire between. Confined to one thread.
class InProcessHubConnection final : public builder::HubConnection {
public:
    /// Logs the host in, exclusively. Both outlive it.
    InProcessHubConnection(
        hub::Hub& hub, const api::koji::Dispatcher& dispatcher, const std::string& host_name);

    koji::Value call(std::string_view method, koji::Array arguments) override;
    void upload(
        std::string_view folder, std::string_view name, std::uint64_t offset, Bytes bytes) override;

private:
    api::koji::CallHeaders next_headers();

    const api::koji::Dispatcher& dispatcher_;
    hub::PresentedSession session_;
    std::int64_t callnum_ = 0;
};

/// Wakes a builder when the hub's tasks change.
class BellSignal final : public builder::WorkSignal {
public:
    explicit BellSignal(hub::Bell& bell) : bell_{bell} {}

    void wait(std::chrono::milliseconds limit, std::stop_token stop) override;

private:
    hub::Bell& bell_;
    std::uint64_t seen_ = 0;
};

}  // namespace nacre::server
