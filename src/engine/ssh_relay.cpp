#include "engine/ssh_relay.hpp"

#include "base/error.hpp"
#include "base/text.hpp"
#include "os/file.hpp"
#include "os/stop_fd.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <memory>
#include <optional>
#include <span>
#include <utility>
#include <vector>

namespace nacre::engine {
namespace {

constexpr std::size_t kReadBytes = 16U << 10U;

sockaddr_un address_of(const std::string& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.size() >= sizeof address.sun_path)
        throw Error{
            ErrorCode::InvalidArgument,
            "the path of the ssh agent's socket " + quoted(path) + " is longer than "
                + std::to_string(sizeof address.sun_path - 1) + " bytes"};
    path.copy(address.sun_path, path.size());
    return address;
}

const sockaddr* plain(const sockaddr_un& address) {
    return reinterpret_cast<const sockaddr*>(&address);  // as bind() and connect() want it
}

os::UniqueFd make_socket() {
    os::UniqueFd fd{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
    if (!fd) throw SystemError{errno, "cannot create a socket"};
    return fd;
}

os::UniqueFd try_connect(const std::filesystem::path& agent) {
    os::UniqueFd fd = make_socket();
    const sockaddr_un address = address_of(agent.string());
    if (::connect(fd.get(), plain(address), sizeof address) != 0) fd.reset();
    return fd;
}

/// What goes one way.
struct Direction {
    int from = -1;
    int to = -1;
    std::string pending;
    bool ended = false;

    /// False when the other side is gone.
    bool move() {
        if (pending.empty()) {
            pending.resize(kReadBytes);
            const ssize_t count = ::recv(from, pending.data(), pending.size(), 0);
            pending.resize(static_cast<std::size_t>(std::max<ssize_t>(count, 0)));
            if (count < 0) return errno == EAGAIN || errno == EINTR;
            if (count == 0) {
                ended = true;
                ::shutdown(to, SHUT_WR);
                return true;
            }
        }
        const ssize_t sent = ::send(to, pending.data(), pending.size(), MSG_NOSIGNAL);
        if (sent < 0) return errno == EAGAIN || errno == EINTR;
        pending.erase(0, static_cast<std::size_t>(sent));
        return true;
    }

    pollfd wait() const {
        if (ended) return {-1, 0, 0};
        if (pending.empty()) return {from, POLLIN, 0};
        return {to, POLLOUT, 0};
    }
};

struct Connection {
    Connection(os::UniqueFd its_step, os::UniqueFd its_agent)
        : step{std::move(its_step)},
          agent{std::move(its_agent)},
          ways{{{step.get(), agent.get(), {}}, {agent.get(), step.get(), {}}}} {}

    bool done() const { return ways[0].ended && ways[1].ended; }

    os::UniqueFd step;
    os::UniqueFd agent;
    std::array<Direction, 2> ways;
};

/// Takes a new connection, unless there are too many or the agent does not answer: then the step sees its end.
void accept_one(
    int listener,
    const std::filesystem::path& agent,
    std::vector<std::unique_ptr<Connection>>& connections) {
    os::UniqueFd step{::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK)};
    if (!step || connections.size() >= SshRelay::kConnectionsMax) return;
    os::UniqueFd other = try_connect(agent);
    if (!other) return;
    connections.push_back(std::make_unique<Connection>(std::move(step), std::move(other)));
}

/// `events` are those of the connections' ways, in their order. Drops the connections that have ended.
void move_ready(
    std::span<const pollfd> events, std::vector<std::unique_ptr<Connection>>& connections) {
    std::size_t at = 0;
    for (auto& connection : connections)
        for (Direction& way : connection->ways)
            if (events[at++].revents != 0 && !way.move())
                connection->ways[0].ended = connection->ways[1].ended = true;
    std::erase_if(connections, [](const auto& one) { return one->done(); });
}

}  // namespace

SshRelay::SshRelay(
    std::filesystem::path agent, const std::filesystem::path& folder, const std::string& name)
    : agent_{std::move(agent)},
      listener_{make_socket()} {
    static_cast<void>(address_of(agent_.string()));
    const os::UniqueFd place = os::open_file(folder, O_PATH | O_DIRECTORY);
    // A folder's whole path may be longer than an address.
    const sockaddr_un address =
        address_of("/proc/self/fd/" + std::to_string(place.get()) + "/" + name);
    if (::bind(listener_.get(), plain(address), sizeof address) != 0
        || ::listen(listener_.get(), static_cast<int>(kConnectionsMax)) != 0)
        throw SystemError{errno, "cannot make a socket for the ssh agent"};
    threads_.start("ssh-relay", [this](const std::stop_token& stop) { run(stop); });
}

void SshRelay::run(const std::stop_token& stop) {
    std::vector<std::unique_ptr<Connection>> connections;
    try {
        const os::StopFd stopped{stop};
        while (!stop.stop_requested()) {
            std::vector<pollfd> events{{stopped.get(), POLLIN, 0}, {listener_.get(), POLLIN, 0}};
            for (const auto& connection : connections)
                for (const Direction& way : connection->ways)
                    events.push_back(way.wait());
            if (::poll(events.data(), events.size(), -1) < 0 && errno != EINTR) return;
            move_ready(std::span{events}.subspan(2), connections);
            if (events[1].revents != 0) accept_one(listener_.get(), agent_, connections);
        }
    } catch (const std::exception&) {
        return;  // the step sees an agent that is gone
    }
}

}  // namespace nacre::engine
