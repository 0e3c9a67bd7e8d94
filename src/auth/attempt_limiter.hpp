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
    std::chrono::seconds window{300};  ///< in which failures add up
    std::chrono::seconds penalty{60};  ///< no further attempts for so long
    std::size_t entries_max = 10'000;  ///< user and peer pairs that are remembered
};

/// Counts wrong passwords per user and peer, so that a stranger can lock out himself only. A table and no more: times come
/// from the caller. Confined to one thread or one lock.
class AttemptLimiter {
public:
    explicit AttemptLimiter(const AttemptLimits& limits = {}) : limits_{limits} {}

    /// How long this pair must wait; nothing when it may try now.
    std::optional<std::chrono::seconds> find_wait(
        const std::string& user, const std::string& peer, SteadyTime now) const;

    void record_failure(const std::string& user, const std::string& peer, SteadyTime now);
    /// Forgets the failures of the pair.
    void record_success(const std::string& user, const std::string& peer);

    std::size_t size() const noexcept { return entries_.size(); }

private:
    struct Entry {
        int failures = 0;
        SteadyTime window_end;
        SteadyTime blocked_until;
    };

    void make_room(SteadyTime now);

    AttemptLimits limits_;
    std::map<std::pair<std::string, std::string>, Entry> entries_;
};

}  // namespace nacre::auth
