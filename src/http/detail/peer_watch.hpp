#pragma once

#include <cstdint>
#include <functional>
#include <stop_token>

namespace nacre::http::detail {

/// Notices that a peer closed its side of a connection which nobody reads from at the moment. Thread-safe.
class PeerWatch {
public:
    /// Throws SystemError.
    PeerWatch();
    PeerWatch(const PeerWatch&) = delete;
    PeerWatch& operator=(const PeerWatch&) = delete;
    ~PeerWatch();

    /// Watches the socket for one close; no error when the kernel refuses, the peer is only noticed later then.
    void add(int socket, std::uint64_t id) noexcept;
    /// Before the socket is closed.
    void remove(int socket) noexcept;

    /// Calls `gone` with the id of every peer that closed, and again every now and then while it returns true,
    /// until `stop` is requested.
    void run(const std::stop_token& stop, const std::function<bool(std::uint64_t)>& gone);

private:
    int poll_fd_ = -1;
    int wake_fd_ = -1;
};

}  // namespace nacre::http::detail
