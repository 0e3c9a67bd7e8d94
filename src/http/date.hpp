#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace nacre::http {

/// "Tue, 24 Nov 2026 08:17:02 GMT" (RFC 9110 section 5.6.7), of seconds since 1970-01-01 UTC.
std::string render_date(std::int64_t unix_seconds);
/// Nothing for another form than the one above.
std::optional<std::int64_t> parse_date(std::string_view text) noexcept;

}  // namespace nacre::http
