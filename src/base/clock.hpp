#pragma once

#include "base/guarded.hpp"

#include <chrono>
#include <cstdint>
#include <string>

namespace nacre {

using WallTime = std::chrono::system_clock::time_point;
using SteadyTime = std::chrono::steady_clock::time_point;

/// The only source of time: nothing outside SystemClock asks the operating system. Tests pass a
/// ManualClock, which makes time-outs, retries and retention rules deterministic.
class Clock {
public:
    virtual ~Clock() = default;

    /// For timestamps which people or other machines read. It may jump.
    virtual WallTime wall_now() const = 0;

    /// For intervals. It never goes back, and means nothing outside this process.
    virtual SteadyTime steady_now() const = 0;
};

/// Thread-safe.
class SystemClock final : public Clock {
public:
    WallTime wall_now() const override;
    SteadyTime steady_now() const override;
};

/// A clock that moves only when told to. Thread-safe.
class ManualClock final : public Clock {
public:
    explicit ManualClock(WallTime start) : now_{start} {}

    WallTime wall_now() const override;
    SteadyTime steady_now() const override;
    void advance(std::chrono::nanoseconds by);

private:
    mutable Guarded<WallTime> now_;
};

/// Whole seconds since 1970-01-01 UTC, rounded towards minus infinity.
std::int64_t to_unix_seconds(WallTime time) noexcept;
/// Seconds since 1970-01-01 UTC with microseconds as the fraction: the `*_ts` fields of Koji.
double to_unix_fraction(WallTime time) noexcept;
WallTime from_unix_seconds(std::int64_t seconds) noexcept;

/// "2026-11-24T08:17:02Z" (RFC 3339, UTC, whole seconds).
std::string render_rfc3339(WallTime time);
/// "2026-11-24 08:17:02.000123+00:00": how a Koji hub writes a time (isoformat with a space).
std::string render_koji_time(WallTime time);

}  // namespace nacre
