#include "http/detail/peer_watch.hpp"

#include "base/error.hpp"

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <limits>
#include <vector>

namespace nacre::http::detail {
namespace {

constexpr std::uint64_t kWakeId = std::numeric_limits<std::uint64_t>::max();
constexpr int kEventsMax = 64;
constexpr int kAgainMilliseconds = 250;

}  // namespace

PeerWatch::PeerWatch()
    : poll_fd_{::epoll_create1(EPOLL_CLOEXEC)},
      wake_fd_{::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)} {
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.u64 = kWakeId;
    if (poll_fd_ >= 0 && wake_fd_ >= 0
        && ::epoll_ctl(poll_fd_, EPOLL_CTL_ADD, wake_fd_, &event) == 0)
        return;
    const int reason = errno;
    if (poll_fd_ >= 0) ::close(poll_fd_);
    if (wake_fd_ >= 0) ::close(wake_fd_);
    throw SystemError{reason, "cannot watch the peers of connections"};
}

PeerWatch::~PeerWatch() {
    ::close(poll_fd_);
    ::close(wake_fd_);
}

void PeerWatch::add(int socket, std::uint64_t id) noexcept {
    epoll_event event{};
    event.events = EPOLLRDHUP | EPOLLONESHOT;
    event.data.u64 = id;
    ::epoll_ctl(poll_fd_, EPOLL_CTL_ADD, socket, &event);
}

void PeerWatch::remove(int socket) noexcept {
    ::epoll_ctl(poll_fd_, EPOLL_CTL_DEL, socket, nullptr);
}

void PeerWatch::run(const std::stop_token& stop, const std::function<bool(std::uint64_t)>& gone) {
    const std::stop_callback wake{stop, [this] { ::eventfd_write(wake_fd_, 1); }};
    std::array<epoll_event, kEventsMax> events{};
    std::vector<std::uint64_t> closed;
    while (!stop.stop_requested()) {
        const int limit = closed.empty() ? -1 : kAgainMilliseconds;
        const int count = ::epoll_wait(poll_fd_, events.data(), kEventsMax, limit);
        for (int i = 0; i < count; ++i) {
            const std::uint64_t id = events.at(static_cast<std::size_t>(i)).data.u64;
            if (id != kWakeId) closed.push_back(id);
        }
        std::erase_if(closed, [&](std::uint64_t id) { return !gone(id); });
    }
}

}  // namespace nacre::http::detail
