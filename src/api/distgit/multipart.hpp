#pragma once

#include "base/bytes.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace nacre::api::distgit {

inline constexpr std::size_t kPartHeaderBytesMax = 16U << 10U;
inline constexpr std::size_t kPartsMax = 64;

/// What is before the bytes of a part of multipart/form-data (RFC 7578).
struct PartHead {
    std::string name;
    std::optional<std::string> file_name;  ///< as sent: it may hold any characters
};

/// Receives the parts in their order.
class PartSink {
public:
    virtual ~PartSink() = default;
    virtual void begin(const PartHead& head) = 0;
    virtual void write(Bytes bytes) = 0;
    virtual void end() = 0;
};

/// The boundary in "multipart/form-data; boundary=..."; nothing for another media type or a wrong boundary.
std::optional<std::string> find_boundary(std::string_view content_type);

/// The name and file name in "form-data; name=\"...\"; filename=\"...\""; nothing for another text.
std::optional<PartHead> parse_disposition(std::string_view text);

/// Splits a body into parts while it arrives; keeps no more of it than a boundary and the head of a part.
class MultipartParser {
public:
    /// `sink` outlives it.
    MultipartParser(std::string_view boundary, PartSink& sink);

    /// Throws Error{InvalidArgument} for a text that is no multipart body or passes the limits, and what the sink throws.
    void feed(Bytes bytes);

    /// Throws Error{InvalidArgument} when the closing boundary did not come.
    void finish() const;

private:
    enum class Stage : std::uint8_t { Preamble, AfterBoundary, Head, Body, Epilogue };

    bool advance();
    bool skip_preamble();
    bool leave_boundary();
    bool read_head();
    bool read_body();

    std::string delimiter_;
    PartSink& sink_;
    Stage stage_ = Stage::Preamble;
    std::string pending_ = "\r\n";  // The first boundary may be the first thing in the body.
    std::size_t parts_ = 0;
};

}  // namespace nacre::api::distgit
