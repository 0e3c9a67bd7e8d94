#pragma once

#include <cstdint>
#include <string_view>

namespace nacre::http {

enum class RangeKind : std::uint8_t {
    Whole,         ///< no range that we honour: send everything
    Part,          ///< send `length` bytes from `first` on
    Unsatisfiable  ///< 416: nothing of the content is in the range
};

struct Range {
    RangeKind kind = RangeKind::Whole;
    std::uint64_t first = 0;
    std::uint64_t length = 0;

    bool operator==(const Range&) const = default;
};

/// What a Range field (RFC 9110 section 14.2) asks of a content of `size` bytes. One range of bytes is honoured;
/// another unit, several ranges and wrong syntax are ignored, as the RFC allows.
Range parse_range(std::string_view field, std::uint64_t size) noexcept;

}  // namespace nacre::http
