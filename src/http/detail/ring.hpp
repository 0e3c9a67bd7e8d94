#pragma once

#include "base/bytes.hpp"

#include <cstddef>
#include <span>
#include <vector>

namespace nacre::http::detail {

/// A first-in first-out buffer of bytes that never grows beyond its capacity. Takes memory with the
/// first byte. Confined to whoever holds the lock around it.
class Ring {
public:
    explicit Ring(std::size_t capacity) : capacity_{capacity} {}

    std::size_t size() const noexcept { return size_; }

    std::size_t free() const noexcept { return capacity_ - size_; }

    std::size_t capacity() const noexcept { return capacity_; }

    /// Takes as much as fits; returns how many bytes.
    std::size_t write(Bytes bytes);
    /// Returns how many bytes it gave, 0 when it is empty.
    std::size_t read(std::span<std::byte> buffer);
    /// Drops the content and the memory.
    void release() noexcept;

private:
    std::size_t capacity_;
    std::vector<std::byte> bytes_;
    std::size_t first_ = 0;
    std::size_t size_ = 0;
};

}  // namespace nacre::http::detail
