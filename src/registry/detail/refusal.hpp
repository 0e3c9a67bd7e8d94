#pragma once

#include "base/error.hpp"
#include "http/message.hpp"

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace nacre::registry::detail {

/// Whether the same request may be answered well a little later.
bool is_busy(int status) noexcept;

/// How long the server asks to be left alone (RFC 9110, section 10.2.3, in seconds).
std::optional<std::chrono::milliseconds> find_retry_after(const http::Headers& headers);

/// What an answer with a bad status means: `what` was asked for, `body` may have the distribution-spec's list of errors.
Error refusal(int status, std::string_view body, const std::string& what);

}  // namespace nacre::registry::detail
