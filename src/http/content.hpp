#pragma once

#include "http/message.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace nacre::http {

/// Bytes that can be read from any offset on.
struct Content {
    std::uint64_t size = 0;
    std::string etag;                           ///< with its quotes; empty: none
    std::optional<std::int64_t> last_modified;  ///< seconds since 1970-01-01 UTC
    std::string type = "application/octet-stream";
    /// Called at most once, and not for HEAD.
    std::function<std::unique_ptr<ByteSource>(std::uint64_t offset)> open;
};

/// The answer to a GET or HEAD: conditions (If-None-Match, If-Modified-Since, If-Range) and a single range are
/// honoured (RFC 9110 sections 13 and 14).
Response respond_with(const Request& request, const Content& content);

/// 405 with the methods that there are ("GET, HEAD").
Response method_not_allowed(std::string_view allowed);

/// Text for an HTML element or a quoted attribute.
std::string escape_html(std::string_view text);

}  // namespace nacre::http
