#pragma once

#include "base/error.hpp"
#include "http/message.hpp"

namespace nacre::http {

/// The status that tells a client what the code means: 400, 401, 403, 404, 409, 413, 500, 501, 503 or 504.
int status_of(ErrorCode code) noexcept;

/// A text/plain answer: the description, and "hint: …" on a line of its own. A 401 asks for Basic credentials;
/// a 500 says no more than that it is our fault, since the details are in the log.
Response error_response(const Error& error);

}  // namespace nacre::http
