#pragma once

#include "base/guarded.hpp"

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <stop_token>
#include <string_view>

namespace nacre::hub {

/// Tells waiting threads of this process that something changed, not what: they read it from the
/// database. A waiter remembers count() from before it looked, so that no ring is missed. Thread-safe.
class Bell {
public:
    void ring();
    std::uint64_t count() const;

    /// Returns the new count as soon as it differs from `seen`, else `seen` after `limit` or a stop.
    std::uint64_t wait(
        std::uint64_t seen, std::chrono::nanoseconds limit, const std::stop_token& stop);

private:
    mutable Guarded<std::uint64_t> count_{std::uint64_t{0}};
    std::condition_variable_any changed_;
};

struct Bells {
    Bell work;          ///< a task became free, a host became able to take one: for the scheduler
    Bell tasks;         ///< a task changed its state: for builders and followers
    Bell publications;  ///< a build waits for its publication
};

/// The name of a bell, by which other processes are told of it.
std::string_view name_of(Bell Bells::* bell) noexcept;

/// Rings the bell of this name; an unknown one, of a newer process, is nothing to this.
void ring(Bells& bells, std::string_view name);
void ring_all(Bells& bells);

}  // namespace nacre::hub
