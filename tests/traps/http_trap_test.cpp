// A trap of registries that are slower with HTTP/2 than without.
#include "base/error.hpp"
#include "base/thread_group.hpp"
#include "http/client.hpp"
#include "os/unique_fd.hpp"

#include <gmock/gmock.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <string>

namespace nacre::http {
namespace {

using testing::HasSubstr;
using testing::Not;

/// A port that reads what the first client says and closes the connection.
class Listener {
public:
    Listener() : socket_{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)} {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof address;
        auto* generic = reinterpret_cast<sockaddr*>(&address);
        EXPECT_EQ(::bind(socket_.get(), generic, size), 0);
        EXPECT_EQ(::listen(socket_.get(), 1), 0);
        EXPECT_EQ(::getsockname(socket_.get(), generic, &size), 0);
        port_ = ntohs(address.sin_port);
    }

    std::string url() const { return "https://127.0.0.1:" + std::to_string(port_) + "/v2/"; }

    std::string receive() const {
        constexpr int kLimitMilliseconds = 10'000;
        pollfd ready{socket_.get(), POLLIN, 0};
        if (::poll(&ready, 1, kLimitMilliseconds) != 1) return "nobody came";
        const os::UniqueFd peer{::accept(socket_.get(), nullptr, nullptr)};
        std::array<char, 4096> buffer{};
        const ssize_t count = ::recv(peer.get(), buffer.data(), buffer.size(), 0);
        return {buffer.data(), static_cast<std::size_t>(count < 0 ? 0 : count)};
    }

private:
    os::UniqueFd socket_;
    int port_ = 0;
};

TEST(HttpTrap, RegistriesAreSpokenToWithoutHttp2) {
    const Listener listener;
    std::string hello;
    {
        ThreadGroup group;
        group.start("listener", [&](const std::stop_token&) { hello = listener.receive(); });
        CurlClient client{"nacre-test"};
        EXPECT_THROW(client.exchange({.url = listener.url()}, {}), Error);
        group.join();
    }
    // What a TLS client offers (ALPN) is readable.
    EXPECT_THAT(hello, HasSubstr("http/1.1"));
    EXPECT_THAT(hello, Not(HasSubstr("\x02h2")));
}

}  // namespace
}  // namespace nacre::http
