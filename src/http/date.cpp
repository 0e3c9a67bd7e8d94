#include "http/date.hpp"

#include "base/text.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>

namespace nacre::http {
namespace {

constexpr std::array<const char*, 7> kDays{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
constexpr std::array<const char*, 12> kMonths{
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
constexpr std::size_t kDateBytes = 29;

/// -1 unless the piece is digits.
int number_at(std::string_view text, std::size_t at, std::size_t digits) noexcept {
    int value = 0;
    for (const char c : text.substr(at, digits)) {
        if (c < '0' || c > '9') return -1;
        value = value * 10 + (c - '0');
    }
    return value;
}

bool has_shape(std::string_view text) noexcept {
    constexpr std::string_view kShape = "ddd, 00 mmm 0000 00:00:00 GMT";
    if (text.size() != kDateBytes) return false;
    for (std::size_t i = 0; i < kDateBytes; ++i) {
        const char wanted = kShape[i];
        if (wanted != 'd' && wanted != '0' && wanted != 'm' && text[i] != wanted) return false;
    }
    return true;
}

}  // namespace

std::string render_date(std::int64_t unix_seconds) {
    using std::chrono::days;
    using std::chrono::seconds;
    const std::chrono::sys_seconds time{seconds{unix_seconds}};
    const auto day = std::chrono::floor<days>(time);
    const std::chrono::year_month_day date{day};
    const std::chrono::hh_mm_ss clock{time - day};
    std::array<char, 64> text{};
    std::snprintf(
        text.data(),
        text.size(),
        "%s, %02u %s %04d %02d:%02d:%02d GMT",
        kDays.at(std::chrono::weekday{day}.c_encoding()),
        static_cast<unsigned>(date.day()),
        kMonths.at(static_cast<unsigned>(date.month()) - 1),
        static_cast<int>(date.year()),
        static_cast<int>(clock.hours().count()),
        static_cast<int>(clock.minutes().count()),
        static_cast<int>(clock.seconds().count()));
    return text.data();
}

std::optional<std::int64_t> parse_date(std::string_view text) noexcept {
    if (!has_shape(text)) return std::nullopt;
    const auto* month = std::find(kMonths.begin(), kMonths.end(), text.substr(8, 3));
    const int day = number_at(text, 5, 2);
    const int year = number_at(text, 12, 4);
    const int hour = number_at(text, 17, 2);
    const int minute = number_at(text, 20, 2);
    const int second = number_at(text, 23, 2);
    if (month == kMonths.end() || day < 1 || year < 0) return std::nullopt;
    if (hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 60)
        return std::nullopt;
    const std::chrono::year_month_day date{
        std::chrono::year{year},
        std::chrono::month{static_cast<unsigned>(month - kMonths.begin()) + 1},
        std::chrono::day{static_cast<unsigned>(day)}};
    if (!date.ok()) return std::nullopt;
    const std::chrono::sys_seconds time = std::chrono::sys_days{date} + std::chrono::hours{hour}
                                          + std::chrono::minutes{minute}
                                          + std::chrono::seconds{second};
    return time.time_since_epoch().count();
}

}  // namespace nacre::http
