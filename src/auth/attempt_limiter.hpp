#pragma once

#include "base/clock.hpp"

#include <chrono>
#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <utility>

namespace nacre::auth {

struct AttemptLimits {
    int failures_max = 10;             ///< of one user from one peer within `window`
    int peer_failures_max = 50;        ///< of one peer, for whatever users
    int user_failures_max = 100;       ///< of one user, from whatever peers
    std::chrono::seconds window{300};  ///< in which failures add up
    std::chrono::seconds penalty{60};  ///< no further attempts for so long
    std::size_t entries_max = 10'000;  ///< that each table remembers
};

/// Counts wrong passwords per user and peer, per peer and per user, so that neither guessing many passwords of one user nor
/// one password of many users gets far, from one place or from many. A user's own place, from which a login was right, waits
/// for its own failures only: a stranger cannot lock anybody out there. A table and no more: times come from the caller.
/// Confined to one thread or one lock.
class AttemptLimiter {
public:
    explicit AttemptLimiter(const AttemptLimits& limits = {}) : limits_{limits} {}

    /// How long this pair must wait; nothing when it may try now.
    std::optional<std::chrono::seconds> find_wait(
        const std::string& user, const std::string& peer, SteadyTime now) const;

    void record_failure(const std::string& user, const std::string& peer, SteadyTime now);
    /// Forgets the failures of the pair, and remembers that it is the user's own place.
    void record_success(const std::string& user, const std::string& peer, SteadyTime now);

    /// Of the largest table.
    std::size_t size() const noexcept;

private:
    struct Entry {
        int failures = 0;
        SteadyTime window_end;
        SteadyTime blocked_until;
    };

    using Pair = std::pair<std::string, std::string>;

    template <class Key>
    void count(std::map<Key, Entry>& table, const Key& key, int failures_max, SteadyTime now);
    template <class Key>
    void make_room(std::map<Key, Entry>& table, SteadyTime now) const;

    AttemptLimits limits_;
    std::map<Pair, Entry> pairs_;
    std::map<std::string, Entry> peers_;
    std::map<std::string, Entry> users_;
    std::map<Pair, Entry> own_places_;  ///< of which window_end alone counts: when the login was
};

}  // namespace nacre::auth
