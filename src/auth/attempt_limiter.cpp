#include "auth/attempt_limiter.hpp"

#include <algorithm>

namespace nacre::auth {
namespace {

template <class Table, class Key>
SteadyTime blocked_until(const Table& table, const Key& key) {
    const auto found = table.find(key);
    return found == table.end() ? SteadyTime{} : found->second.blocked_until;
}

}  // namespace

std::optional<std::chrono::seconds> AttemptLimiter::find_wait(
    const std::string& user, const std::string& peer, SteadyTime now) const {
    SteadyTime until = blocked_until(pairs_, Pair{user, peer});
    if (!own_places_.contains({user, peer}))
        until = std::max({until, blocked_until(peers_, peer), blocked_until(users_, user)});
    if (until <= now) return std::nullopt;
    return std::chrono::ceil<std::chrono::seconds>(until - now);
}

template <class Key>
void AttemptLimiter::count(
    std::map<Key, Entry>& table, const Key& key, int failures_max, SteadyTime now) {
    make_room(table, now);
    Entry& entry = table[key];
    if (entry.window_end <= now) entry = {.failures = 0, .window_end = now + limits_.window};
    ++entry.failures;
    if (entry.failures >= failures_max) {
        entry.failures = 0;
        entry.blocked_until = now + limits_.penalty;
        entry.window_end = std::max(entry.window_end, entry.blocked_until);
    }
}

void AttemptLimiter::record_failure(
    const std::string& user, const std::string& peer, SteadyTime now) {
    count(pairs_, Pair{user, peer}, limits_.failures_max, now);
    count(peers_, peer, limits_.peer_failures_max, now);
    // Failed tokens name no user.
    if (!user.empty()) count(users_, user, limits_.user_failures_max, now);
}

void AttemptLimiter::record_success(
    const std::string& user, const std::string& peer, SteadyTime now) {
    pairs_.erase({user, peer});
    if (!own_places_.contains({user, peer})) make_room(own_places_, SteadyTime::min());
    own_places_[{user, peer}].window_end = now;
}

std::size_t AttemptLimiter::size() const noexcept {
    return std::max({pairs_.size(), peers_.size(), users_.size(), own_places_.size()});
}

template <class Key>
void AttemptLimiter::make_room(std::map<Key, Entry>& table, SteadyTime now) const {
    if (table.size() < limits_.entries_max) return;
    std::erase_if(table, [now](const auto& entry) { return entry.second.window_end <= now; });
    if (table.size() < limits_.entries_max) return;
    // Somebody tries from very many addresses or names. The oldest goes; those who are blocked now stay longest.
    const auto oldest = std::ranges::min_element(
        table, {}, [](const auto& entry) { return entry.second.window_end; });
    table.erase(oldest);
}

}  // namespace nacre::auth
