#include "http/range.hpp"

#include "base/text.hpp"

#include <algorithm>
#include <charconv>
#include <optional>

namespace nacre::http {
namespace {

constexpr std::string_view kUnit = "bytes=";

/// Digits only. A number beyond 64 bits is as good as the largest one.
std::optional<std::uint64_t> parse_position(std::string_view text) noexcept {
    const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
    if (text.empty() || !std::all_of(text.begin(), text.end(), is_digit)) return std::nullopt;
    std::uint64_t value = 0;
    const auto result = std::from_chars(text.data(), text.data() + text.size(), value);
    return result.ec == std::errc{} ? value : UINT64_MAX;
}

Range last_bytes(std::uint64_t count, std::uint64_t size) noexcept {
    const std::uint64_t length = std::min(count, size);
    if (length == 0) return {RangeKind::Unsatisfiable};
    return {RangeKind::Part, size - length, length};
}

}  // namespace

Range parse_range(std::string_view field, std::uint64_t size) noexcept {
    field = trim(field);
    if (field.size() < kUnit.size() || !equals_ignoring_case(field.substr(0, kUnit.size()), kUnit))
        return {};
    const std::string_view set = trim(field.substr(kUnit.size()));
    const std::size_t dash = set.find('-');
    if (dash == std::string_view::npos || set.find(',') != std::string_view::npos) return {};
    const std::string_view end = set.substr(dash + 1);
    const auto last = parse_position(end);
    if (dash == 0) return last ? last_bytes(*last, size) : Range{};
    const auto first = parse_position(set.substr(0, dash));
    if (!first || (!last && !end.empty()) || (last && *last < *first)) return {};
    if (*first >= size) return {RangeKind::Unsatisfiable};
    const std::uint64_t stop = last && *last < size ? *last + 1 : size;
    return {RangeKind::Part, *first, stop - *first};
}

}  // namespace nacre::http
