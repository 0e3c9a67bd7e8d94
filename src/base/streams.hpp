#pragma once

#include "base/bytes.hpp"

#include <cstddef>
#include <span>
#include <stop_token>
#include <string>

namespace nacre {

/// Joins small writes, such as the headers of a tar. `next` outlives it.
class BufferedSink final : public ByteSink {
public:
    explicit BufferedSink(ByteSink& next) : next_{next} {}

    void write(Bytes bytes) override;
    /// Passes on what is left. Must be called once, last; without it the end is lost.
    void flush();

    static constexpr std::size_t kBufferBytes = 256U << 10U;

private:
    ByteSink& next_;
    std::string buffer_;
};

/// Throws Cancelled instead of writing once the stop is requested. `next` outlives it.
class StoppableSink final : public ByteSink {
public:
    StoppableSink(ByteSink& next, std::stop_token stop) : next_{next}, stop_{std::move(stop)} {}

    void write(Bytes bytes) override;

private:
    ByteSink& next_;
    const std::stop_token stop_;
};

/// Reads from a text of its own.
class OwningSource final : public ByteSource {
public:
    explicit OwningSource(std::string text) : text_{std::move(text)}, rest_{text_} {}

    OwningSource(const OwningSource&) = delete;
    OwningSource& operator=(const OwningSource&) = delete;

    std::size_t read(std::span<std::byte> buffer) override { return rest_.read(buffer); }

private:
    const std::string text_;
    StringSource rest_;
};

}  // namespace nacre
