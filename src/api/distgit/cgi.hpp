#pragma once

#include "http/message.hpp"
#include "os/process.hpp"

#include <cstddef>
#include <functional>
#include <optional>
#include <string_view>

namespace nacre::api::distgit {

inline constexpr std::size_t kCgiHeadBytesMax = 64U << 10U;

/// What a CGI program says before its body (RFC 3875, section 6).
struct CgiHead {
    int status = 200;
    http::Headers headers;  ///< without Status
    std::size_t bytes = 0;  ///< of the head in the text, the empty line included
};

/// Nothing while the head is not complete. Throws Error{Internal} for a text that is none: the program is ours.
std::optional<CgiHead> find_cgi_head(std::string_view text);

/// Runs a CGI program (RFC 3875) for a request: its body goes in, what the program writes comes out as the response, while the
/// program runs. `ended` is called when the program is gone. Throws Error{Internal} when it answers with no header block,
/// with what it wrote to its standard error; Cancelled when the request is stopped; Error{DeadlineExceeded} when it hangs.
http::Response run_cgi(
    os::ProcessRunner& runner,
    const os::Command& command,
    const http::Request& request,
    std::function<void()> ended);

}  // namespace nacre::api::distgit
