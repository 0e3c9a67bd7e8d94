#include "os/stop_fd.hpp"

#include "base/error.hpp"

#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>

namespace nacre::os {
namespace {

std::unique_ptr<UniqueFd> open_event() {
    auto fd = std::make_unique<UniqueFd>(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    if (!*fd) throw SystemError{errno, "cannot create an event descriptor"};
    return fd;
}

void raise_event(int fd) noexcept {
    const std::uint64_t one = 1;
    // It fails only when the counter is full, and then the descriptor is readable as it should be.
    [[maybe_unused]] const ssize_t written = ::write(fd, &one, sizeof one);
}

}  // namespace

StopFd::StopFd(std::stop_token stop)
    : fd_{open_event()},
      callback_{std::move(stop), [fd = fd_->get()] { raise_event(fd); }} {}

}  // namespace nacre::os
