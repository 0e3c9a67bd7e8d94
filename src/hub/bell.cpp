#include "hub/bell.hpp"

namespace nacre::hub {

void Bell::ring() {
    ++*count_.lock();
    changed_.notify_all();
}

std::uint64_t Bell::count() const {
    return *count_.lock();
}

std::uint64_t Bell::wait(
    std::uint64_t seen, std::chrono::nanoseconds limit, const std::stop_token& stop) {
    auto count = count_.lock();
    count.wait_for(changed_, stop, limit, [seen](std::uint64_t now) { return now != seen; });
    return *count;
}

}  // namespace nacre::hub
