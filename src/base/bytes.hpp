#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace nacre {

using Bytes = std::span<const std::byte>;

/// The characters of `text` as bytes; no copy, so `text` must outlive the result.
Bytes as_bytes(std::string_view text) noexcept;
/// The bytes as characters; no copy, so `bytes` must outlive the result.
std::string_view as_text(Bytes bytes) noexcept;

/// Lower-case hex digits.
std::string to_hex(Bytes bytes);
/// RFC 4648 section 4, padded, without line breaks.
std::string to_base64(Bytes bytes);
/// Accepts padded base64 with white space between the digits; throws Error{InvalidArgument}.
std::string from_base64(std::string_view text);

/// Receives bytes in order, in pieces of any size. Throws to refuse them.
class ByteSink {
public:
    virtual ~ByteSink() = default;
    virtual void write(Bytes bytes) = 0;
};

/// Gives bytes in order.
class ByteSource {
public:
    virtual ~ByteSource() = default;

    /// Fills the beginning of `buffer`, which is not empty; returns how many bytes, 0 at the end.
    virtual std::size_t read(std::span<std::byte> buffer) = 0;
};

/// Collects what it is given in memory; the owner bounds what is written.
class StringSink final : public ByteSink {
public:
    void write(Bytes bytes) override { text_.append(as_text(bytes)); }

    const std::string& text() const noexcept { return text_; }

    std::string take() noexcept { return std::move(text_); }

private:
    std::string text_;
};

/// Reads from memory that outlives it.
class StringSource final : public ByteSource {
public:
    explicit StringSource(std::string_view text) : rest_{as_bytes(text)} {}

    std::size_t read(std::span<std::byte> buffer) override;

private:
    Bytes rest_;
};

}  // namespace nacre
