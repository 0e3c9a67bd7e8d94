#pragma once

#include "base/secret.hpp"

#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace nacre::source {

/// Gives the text of a secret by its name; nothing when the user has not given it. Thread-safe.
using FindSecret = std::function<std::optional<Secret>(const std::string& name)>;

/// The value of the Authorization field for a file at `url`, under the names that BuildKit has for it: HTTP_AUTH_HEADER_<host> as it is, or
/// HTTP_AUTH_TOKEN_<host> as a bearer; <host> with its port, else without. Throws Error{InvalidArgument} for a secret that is no text of
/// one line.
std::optional<Secret> find_file_authorization(std::string_view url, const FindSecret& find);

/// For a repository at an http or https address: GIT_AUTH_HEADER or GIT_AUTH_TOKEN, of the host ("GIT_AUTH_TOKEN.example.org") or of all.
std::optional<Secret> find_git_authorization(std::string_view remote, const FindSecret& find);

/// "https://example.org:8443/" of an address below it, without its credentials; empty for other schemes.
std::string origin_of(std::string_view url);

}  // namespace nacre::source
