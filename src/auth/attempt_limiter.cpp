#include "auth/attempt_limiter.hpp"

#include <algorithm>

namespace nacre::auth {

std::optional<std::chrono::seconds> AttemptLimiter::find_wait(
    const std::string& user, const std::string& peer, SteadyTime now) const {
    const auto found = entries_.find({user, peer});
    if (found == entries_.end() || found->second.blocked_until <= now) return std::nullopt;
    return std::chrono::ceil<std::chrono::seconds>(found->second.blocked_until - now);
}

void AttemptLimiter::record_failure(
    const std::string& user, const std::string& peer, SteadyTime now) {
    make_room(now);
    Entry& entry = entries_[{user, peer}];
    if (entry.window_end <= now) entry = {.failures = 0, .window_end = now + limits_.window};
    ++entry.failures;
    if (entry.failures >= limits_.failures_max) {
        entry.failures = 0;
        entry.blocked_until = now + limits_.penalty;
        entry.window_end = std::max(entry.window_end, entry.blocked_until);
    }
}

void AttemptLimiter::record_success(const std::string& user, const std::string& peer) {
    entries_.erase({user, peer});
}

void AttemptLimiter::make_room(SteadyTime now) {
    if (entries_.size() < limits_.entries_max) return;
    std::erase_if(entries_, [now](const auto& entry) { return entry.second.window_end <= now; });
    if (entries_.size() < limits_.entries_max) return;
    // Somebody tries from very many addresses or names. The oldest goes; those who are blocked now stay longest.
    const auto oldest = std::ranges::min_element(
        entries_, {}, [](const auto& entry) { return entry.second.window_end; });
    entries_.erase(oldest);
}

}  // namespace nacre::auth
