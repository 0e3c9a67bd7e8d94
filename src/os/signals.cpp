#include "os/signals.hpp"

#include "base/error.hpp"
#include "os/stop_fd.hpp"
#include "os/unique_fd.hpp"

#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <array>
#include <cerrno>

namespace nacre::os {

StopOnSignals::StopOnSignals(std::initializer_list<int> signals) {
    ::signal(SIGPIPE, SIG_IGN);
    sigset_t set;
    ::sigemptyset(&set);
    for (const int number : signals)
        ::sigaddset(&set, number);
    ::pthread_sigmask(SIG_BLOCK, &set, nullptr);
    threads_.start("signals", [this, set](const std::stop_token& stop) {
        const UniqueFd taken{::signalfd(-1, &set, SFD_CLOEXEC)};
        const StopFd ended{stop};
        std::array<pollfd, 2> events{{{taken.get(), POLLIN, 0}, {ended.get(), POLLIN, 0}}};
        while (::poll(events.data(), events.size(), -1) < 0 && errno == EINTR) {
        }
        if (events[0].revents != 0) source_.request_stop();
    });
}

SignalBell::SignalBell(int signal) {
    sigset_t set;
    ::sigemptyset(&set);
    ::sigaddset(&set, signal);
    ::pthread_sigmask(SIG_BLOCK, &set, nullptr);
    taken_ = UniqueFd{::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK)};
    if (!taken_) throw SystemError{errno, "cannot wait for a signal"};
}

bool SignalBell::wait(const std::stop_token& stop, std::chrono::milliseconds limit) const {
    const StopFd ended{stop};
    std::array<pollfd, 2> events{{{taken_.get(), POLLIN, 0}, {ended.get(), POLLIN, 0}}};
    if (::poll(events.data(), events.size(), static_cast<int>(limit.count())) <= 0) return false;
    signalfd_siginfo info{};
    return ::read(taken_.get(), &info, sizeof info) == static_cast<ssize_t>(sizeof info);
}

void wait_for_stop(const std::stop_token& stop) {
    const StopFd fd{stop};
    pollfd event{fd.get(), POLLIN, 0};
    while (::poll(&event, 1, -1) < 0 && errno == EINTR) {
    }
}

void wait_for_stop(const std::stop_token& stop, std::chrono::milliseconds limit) {
    const StopFd fd{stop};
    pollfd event{fd.get(), POLLIN, 0};
    // A signal that shortens a pause does no harm.
    [[maybe_unused]] const int ready = ::poll(&event, 1, static_cast<int>(limit.count()));
}

}  // namespace nacre::os
