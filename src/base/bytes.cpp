#include "base/bytes.hpp"

#include "base/error.hpp"

#include <algorithm>
#include <cstdint>

namespace nacre {
namespace {

constexpr std::string_view kHexDigits = "0123456789abcdef";
constexpr std::string_view kBase64Digits =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

bool is_blank(char c) noexcept {
    return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

Error bad_base64(const std::string& why) {
    return Error{ErrorCode::InvalidArgument, "invalid base64: " + why};
}

}  // namespace

Bytes as_bytes(std::string_view text) noexcept {
    return std::as_bytes(std::span{text});
}

std::string_view as_text(Bytes bytes) noexcept {
    // Every object may be read as characters ([basic.lval]).
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

std::string to_hex(Bytes bytes) {
    std::string text;
    text.reserve(bytes.size() * 2);
    for (const std::byte byte : bytes) {
        text += kHexDigits[std::to_integer<std::size_t>(byte >> 4)];
        text += kHexDigits[std::to_integer<std::size_t>(byte & std::byte{0xF})];
    }
    return text;
}

std::string to_base64(Bytes bytes) {
    std::string text;
    text.reserve((bytes.size() + 2) / 3 * 4);
    while (!bytes.empty()) {
        const std::size_t taken = std::min<std::size_t>(bytes.size(), 3);
        std::uint32_t group = 0;
        for (std::size_t i = 0; i < 3; ++i)
            group = group << 8U | (i < taken ? std::to_integer<std::uint32_t>(bytes[i]) : 0U);
        for (std::size_t i = 0; i < 4; ++i)
            text += i <= taken ? kBase64Digits[group >> (18U - 6U * i) & 0x3FU] : '=';
        bytes = bytes.subspan(taken);
    }
    return text;
}

std::string from_base64(std::string_view text) {
    std::string result;
    result.reserve(text.size() / 4 * 3);
    std::uint32_t group = 0;
    unsigned bits = 0;
    std::size_t digits = 0;
    std::size_t padding = 0;
    for (const char c : text) {
        if (is_blank(c)) continue;
        ++digits;
        if (c == '=') {
            ++padding;
            continue;
        }
        const std::size_t value = kBase64Digits.find(c);
        if (value == std::string_view::npos)
            throw bad_base64("character '" + std::string(1, c) + "' is not a digit");
        if (padding > 0) throw bad_base64("a digit follows the padding");
        group = group << 6U | static_cast<std::uint32_t>(value);
        bits += 6;
        if (bits < 8) continue;
        bits -= 8;
        result += static_cast<char>(group >> bits & 0xFFU);
    }
    if (digits % 4 != 0 || padding > 2)
        throw bad_base64(std::to_string(digits) + " digits, a multiple of 4 is needed");
    return result;
}

std::size_t StringSource::read(std::span<std::byte> buffer) {
    const std::size_t count = std::min(buffer.size(), rest_.size());
    std::copy_n(rest_.begin(), count, buffer.begin());
    rest_ = rest_.subspan(count);
    return count;
}

}  // namespace nacre
