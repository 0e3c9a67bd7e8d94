#include "base/adler32.hpp"

#include <algorithm>
#include <array>

namespace nacre {
namespace {

constexpr std::uint32_t kModulus = 65521;
// The greatest number of bytes after which the sums still fit 32 bits.
constexpr std::size_t kRunMax = 5552;

}  // namespace

void Adler32::update(Bytes bytes) noexcept {
    while (!bytes.empty()) {
        const Bytes run = bytes.subspan(0, std::min(bytes.size(), kRunMax));
        for (const std::byte byte : run) {
            low_ += std::to_integer<std::uint32_t>(byte);
            high_ += low_;
        }
        low_ %= kModulus;
        high_ %= kModulus;
        bytes = bytes.subspan(run.size());
    }
}

std::string Adler32::hex() const {
    const std::uint32_t sum = high_ << 16U | low_;
    std::array<std::byte, 4> digits{};
    for (std::size_t index = 0; index < digits.size(); ++index)
        digits.at(index) = static_cast<std::byte>(sum >> (24U - 8U * index));
    return to_hex(digits);
}

}  // namespace nacre
