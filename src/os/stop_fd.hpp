#pragma once

#include "os/unique_fd.hpp"

#include <functional>
#include <memory>
#include <stop_token>

namespace nacre::os {

/// A descriptor that becomes readable, for good, when the stop is requested: for poll().
class StopFd {
public:
    explicit StopFd(std::stop_token stop);

    int get() const noexcept { return fd_->get(); }

private:
    std::unique_ptr<UniqueFd> fd_;
    std::stop_callback<std::function<void()>> callback_;
};

}  // namespace nacre::os
