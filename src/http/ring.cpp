#include "http/detail/ring.hpp"

#include <algorithm>
#include <cstring>

namespace nacre::http::detail {

std::size_t Ring::write(Bytes bytes) {
    if (bytes.empty()) return 0;
    if (bytes_.empty()) bytes_.resize(capacity_);
    const std::size_t taken = std::min(bytes.size(), free());
    const std::size_t end = (first_ + size_) % capacity_;
    const std::size_t straight = std::min(taken, capacity_ - end);
    std::memcpy(bytes_.data() + end, bytes.data(), straight);
    std::memcpy(bytes_.data(), bytes.data() + straight, taken - straight);
    size_ += taken;
    return taken;
}

std::size_t Ring::read(std::span<std::byte> buffer) {
    const std::size_t given = std::min(buffer.size(), size_);
    if (given == 0) return 0;
    const std::size_t straight = std::min(given, capacity_ - first_);
    std::memcpy(buffer.data(), bytes_.data() + first_, straight);
    std::memcpy(buffer.data() + straight, bytes_.data(), given - straight);
    first_ = (first_ + given) % capacity_;
    size_ -= given;
    return given;
}

void Ring::release() noexcept {
    std::vector<std::byte>{}.swap(bytes_);
    first_ = 0;
    size_ = 0;
}

}  // namespace nacre::http::detail
