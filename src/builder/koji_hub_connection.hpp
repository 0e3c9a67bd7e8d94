#pragma once

#include "builder/hub_connection.hpp"
#include "client/koji_session.hpp"

namespace nacre::builder {

/// A hub at the other end of a wire: ours, or a real Koji.
class KojiHubConnection final : public HubConnection {
public:
    /// The session is logged in as a host.
    explicit KojiHubConnection(client::KojiSession session) : session_{std::move(session)} {}

    koji::Value call(std::string_view method, koji::Array arguments) override;
    void upload(
        std::string_view folder, std::string_view name, std::uint64_t offset, Bytes bytes) override;

private:
    client::KojiSession session_;
};

}  // namespace nacre::builder
