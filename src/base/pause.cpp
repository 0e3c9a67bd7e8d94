#include "base/pause.hpp"

#include "base/error.hpp"
#include "base/guarded.hpp"

#include <algorithm>
#include <cstdint>

namespace nacre {
namespace {

constexpr int kDoublingsMax = 16;

}  // namespace

std::chrono::milliseconds pause_after(const Backoff& backoff, int attempt, Random& random) {
    const int doublings = std::min(attempt, kDoublingsMax);
    const auto longest = std::min(backoff.first * (1 << doublings), backoff.max);
    const auto half = longest / 2;
    const auto jitter =
        half.count() == 0
            ? 0
            : static_cast<std::int64_t>(random.next() % static_cast<std::uint64_t>(half.count()));
    return half + std::chrono::milliseconds{jitter};
}

void pause(std::chrono::milliseconds time, const std::stop_token& stop) {
    Guarded<int> nothing{0};
    std::condition_variable_any never;
    nothing.lock().wait_for(never, stop, time, [](int) { return false; });
    if (stop.stop_requested()) throw Cancelled{};
}

}  // namespace nacre
