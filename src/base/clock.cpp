#include "base/clock.hpp"

#include <array>
#include <ctime>

namespace nacre {
namespace {

std::tm utc_calendar(std::int64_t seconds) noexcept {
    const std::time_t time = seconds;
    std::tm calendar{};
    ::gmtime_r(&time, &calendar);
    return calendar;
}

constexpr std::size_t kSecondBytesMax = 64;

/// "2026-11-24T08:17:02"
std::string render_second(std::int64_t seconds) {
    const std::tm calendar = utc_calendar(seconds);
    std::array<char, kSecondBytesMax> text{};
    const std::size_t length =
        std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%S", &calendar);
    return {text.data(), length};
}

}  // namespace

WallTime SystemClock::wall_now() const {
    return std::chrono::system_clock::now();
}

SteadyTime SystemClock::steady_now() const {
    return std::chrono::steady_clock::now();
}

WallTime ManualClock::wall_now() const {
    return *now_.lock();
}

SteadyTime ManualClock::steady_now() const {
    return SteadyTime{now_.lock()->time_since_epoch()};
}

void ManualClock::advance(std::chrono::nanoseconds by) {
    *now_.lock() += std::chrono::duration_cast<WallTime::duration>(by);
}

std::int64_t to_unix_seconds(WallTime time) noexcept {
    return std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count();
}

double to_unix_fraction(WallTime time) noexcept {
    const auto micros = std::chrono::floor<std::chrono::microseconds>(time).time_since_epoch();
    return static_cast<double>(micros.count()) / 1e6;
}

WallTime from_unix_seconds(std::int64_t seconds) noexcept {
    return WallTime{std::chrono::seconds{seconds}};
}

std::string render_rfc3339(WallTime time) {
    return render_second(to_unix_seconds(time)) + "Z";
}

std::string render_koji_time(WallTime time) {
    const std::int64_t seconds = to_unix_seconds(time);
    const auto rest = std::chrono::floor<std::chrono::microseconds>(time.time_since_epoch())
                      - std::chrono::seconds{seconds};
    std::string micros = std::to_string(rest.count());
    micros.insert(0, 6 - micros.size(), '0');
    std::string text = render_second(seconds);
    text[text.find('T')] = ' ';
    return text + "." + micros + "+00:00";
}

}  // namespace nacre
