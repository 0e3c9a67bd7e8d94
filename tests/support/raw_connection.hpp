#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <cstring>
#include <stdexcept>
#include <string>
#include <string_view>

namespace nacre::test {

/// A TCP connection to a port of the loopback interface, for what no HTTP client would send.
class RawConnection {
public:
    explicit RawConnection(std::uint16_t port)
        : socket_{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)} {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_port = htons(port);
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        if (::connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
            throw std::runtime_error{std::string{"connect: "} + std::strerror(errno)};
    }

    RawConnection(const RawConnection&) = delete;
    RawConnection& operator=(const RawConnection&) = delete;

    ~RawConnection() { close(); }

    /// False when the peer closed.
    bool send(std::string_view text) const {
        while (!text.empty()) {
            const ssize_t count = ::send(socket_, text.data(), text.size(), MSG_NOSIGNAL);
            if (count < 0) return false;
            text.remove_prefix(static_cast<std::size_t>(count));
        }
        return true;
    }

    /// Until `end` was seen, the peer closed, or `limit` went by.
    std::string receive_until(
        std::string_view end, std::chrono::milliseconds limit = std::chrono::seconds{20}) const {
        std::string text;
        std::array<char, 4096> buffer{};
        while (end.empty() || text.find(end) == std::string::npos) {
            pollfd ready{socket_, POLLIN, 0};
            if (::poll(&ready, 1, static_cast<int>(limit.count())) <= 0) break;
            const ssize_t count = ::recv(socket_, buffer.data(), buffer.size(), 0);
            if (count <= 0) break;
            text.append(buffer.data(), static_cast<std::size_t>(count));
        }
        return text;
    }

    std::string receive_all() const { return receive_until(""); }

    void finish_sending() const { ::shutdown(socket_, SHUT_WR); }

    void close() noexcept {
        if (socket_ >= 0) ::close(socket_);
        socket_ = -1;
    }

private:
    int socket_;
};

}  // namespace nacre::test
