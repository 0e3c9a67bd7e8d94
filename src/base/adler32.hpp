#pragma once

#include "base/bytes.hpp"

#include <cstdint>
#include <string>

namespace nacre {

/// The checksum of RFC 1950 section 8.2, which Koji's uploads use against broken transfers.
class Adler32 {
public:
    void update(Bytes bytes) noexcept;

    /// Eight lower-case hex digits.
    std::string hex() const;

private:
    std::uint32_t low_ = 1;
    std::uint32_t high_ = 0;
};

}  // namespace nacre
