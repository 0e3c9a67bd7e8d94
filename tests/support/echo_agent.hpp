#pragma once

#include "base/thread_group.hpp"
#include "os/unique_fd.hpp"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <filesystem>

namespace nacre::test {

inline os::UniqueFd unix_socket() {
    return os::UniqueFd{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)};
}

inline sockaddr_un unix_address(const std::filesystem::path& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.string().copy(address.sun_path, sizeof address.sun_path - 1);
    return address;
}

/// Stands for an ssh agent: sends each connection's bytes back, one connection after another.
class EchoAgent {
public:
    explicit EchoAgent(const std::filesystem::path& path) {
        const sockaddr_un address = unix_address(path);
        ::bind(listener_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address);
        ::listen(listener_.get(), 4);
        threads_.start("agent", [this](const std::stop_token&) { run(); });
    }

    EchoAgent(const EchoAgent&) = delete;
    EchoAgent& operator=(const EchoAgent&) = delete;

    /// Ends the accept().
    ~EchoAgent() { ::shutdown(listener_.get(), SHUT_RDWR); }

private:
    void run() const {
        for (;;) {
            const os::UniqueFd peer{::accept(listener_.get(), nullptr, nullptr)};
            if (!peer) return;
            std::array<char, 4096> bytes{};
            for (ssize_t count = 1; count > 0;) {
                count = ::read(peer.get(), bytes.data(), bytes.size());
                if (count > 0
                    && ::send(
                           peer.get(), bytes.data(), static_cast<std::size_t>(count), MSG_NOSIGNAL)
                           != count)
                    break;
            }
        }
    }

    os::UniqueFd listener_ = unix_socket();
    ThreadGroup threads_;
};

}  // namespace nacre::test
