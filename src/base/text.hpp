#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace nacre {

/// The pieces between `separator`s; "a,,b" has three, "" has one empty one.
std::vector<std::string> split(std::string_view text, char separator);
/// The runs of characters other than blanks, tabs and line ends.
std::vector<std::string> split_words(std::string_view text);
std::string join(const std::vector<std::string>& pieces, std::string_view separator);
/// Without blanks, tabs and line ends at both ends.
std::string_view trim(std::string_view text) noexcept;
/// ASCII only.
std::string to_lower(std::string_view text);
std::string to_upper(std::string_view text);
bool equals_ignoring_case(std::string_view a, std::string_view b) noexcept;
std::string replace_all(std::string_view text, std::string_view from, std::string_view to);

/// A decimal integer with an optional '-', nothing before or after it; nothing when the text is
/// another one or the value does not fit.
std::optional<std::int64_t> parse_integer(std::string_view text) noexcept;

inline constexpr std::size_t kQuotedBytesMax = 200;

/// `text` between single quotes, with control characters and invalid UTF-8 escaped (\n, \x1b), and
/// cut with "..." after `limit` bytes: for messages that quote what somebody sent.
std::string quoted(std::string_view text, std::size_t limit = kQuotedBytesMax);
// Exact matches, so that argument-dependent lookup does not prefer std::quoted.
std::string quoted(const std::string& text, std::size_t limit = kQuotedBytesMax);
std::string quoted(std::string& text, std::size_t limit = kQuotedBytesMax);
std::string quoted(const char* text, std::size_t limit = kQuotedBytesMax);

/// Replaces what XML 1.0 and terminals cannot take (control characters except tab and line feed,
/// invalid UTF-8, surrogates, U+FFFE and U+FFFF) by U+FFFD.
std::string sanitize_utf8(std::string_view text);

/// Shell-style match of all of `text`: '*' any run (of '/' too), '?' one byte, '[a-z]' and '[!a-z]' a
/// set. Linear in text times pattern, whatever the pattern: no backtracking explosion.
bool matches_glob(std::string_view pattern, std::string_view text) noexcept;

/// The candidate that is nearest to `word` by edit distance, when it is near enough to be what a
/// person meant.
std::optional<std::string> nearest(
    std::string_view word, const std::vector<std::string>& candidates);

}  // namespace nacre
