#pragma once

#include "http/message.hpp"
#include "os/process.hpp"

#include <functional>
#include <memory>
#include <string_view>

namespace nacre::api::distgit {

/// Runs a CGI program (RFC 3875) for a request: its body goes in, what the program writes comes out as the response, while the
/// program runs. `ended` is called when the program is gone. Throws Error{Internal} when it answers with no header block.
http::Response run_cgi(
    os::ProcessRunner& runner,
    const os::Command& command,
    const http::Request& request,
    std::function<void()> ended);

/// Status and fields of a CGI header block, without the empty line that ends it. Throws Error{Internal} for a line that is none.
void parse_cgi_header(std::string_view text, http::Response& response);

}  // namespace nacre::api::distgit
