#include "archive/tar_format.hpp"

#include <limits>

namespace nacre::archive {
namespace {

std::optional<std::int64_t> base256(std::string_view field) noexcept {
    // The first bit marks the form; the rest is a big-endian number in two's complement.
    const auto first = static_cast<unsigned char>(field[0]);
    const bool negative = (first & 0x40U) != 0;
    std::int64_t value = negative ? -1 : 0;
    for (std::size_t i = 0; i < field.size(); ++i) {
        auto byte = static_cast<unsigned char>(field[i]);
        if (i == 0) byte = static_cast<unsigned char>(negative ? byte | 0x80U : byte & 0x7FU);
        constexpr std::int64_t kHighest = std::numeric_limits<std::int64_t>::max() >> 8U;
        if (value > kHighest || value < -kHighest - 1) return std::nullopt;
        value = value * 256 + byte;
    }
    return value;
}

}  // namespace

std::string_view tar_text(const TarBlock& block, TarField field) noexcept {
    const std::string_view all{block.data() + field.offset, field.length};
    return all.substr(0, all.find('\0'));
}

std::optional<std::int64_t> tar_number(const TarBlock& block, TarField field) noexcept {
    const std::string_view raw{block.data() + field.offset, field.length};
    if ((static_cast<unsigned char>(raw[0]) & 0x80U) != 0) return base256(raw);
    std::string_view digits = tar_text(block, field);
    while (digits.starts_with(' '))
        digits.remove_prefix(1);
    while (digits.ends_with(' '))
        digits.remove_suffix(1);
    std::int64_t value = 0;
    for (const char digit : digits) {  // at most 12 digits: fits
        if (digit < '0' || digit > '7') return std::nullopt;
        value = value * 8 + (digit - '0');
    }
    return value;
}

std::uint32_t tar_checksum(const TarBlock& block) noexcept {
    std::uint32_t sum = 0;
    for (std::size_t i = 0; i < block.size(); ++i) {
        const bool blank =
            i >= kTarChecksum.offset && i < kTarChecksum.offset + kTarChecksum.length;
        sum += blank ? static_cast<unsigned char>(' ') : static_cast<unsigned char>(block[i]);
    }
    return sum;
}

}  // namespace nacre::archive
