#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace nacre::http {

using QueryFields = std::vector<std::pair<std::string, std::string>>;

/// The target of a request, decoded.
struct Target {
    std::string path;  ///< starts with '/'
    QueryFields query;
};

/// "name=value&name", decoded, '+' as a blank (application/x-www-form-urlencoded). Nothing when a '%' is not
/// followed by two hex digits.
std::optional<QueryFields> parse_query(std::string_view text);

/// RFC 9112 section 3.2, origin form and absolute form. Nothing for another form, a wrong escape, or a
/// path with a NUL byte.
std::optional<Target> parse_target(std::string_view text);

}  // namespace nacre::http
