#pragma once

#include "http/message.hpp"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace nacre::registry::detail {

/// One way to authenticate that a server offers (RFC 9110, section 11.6.1).
struct Challenge {
    std::string scheme;                                       ///< lower case: "bearer", "basic"
    std::vector<std::pair<std::string, std::string>> fields;  ///< names in lower case

    /// Empty when there is no such field.
    std::string field(std::string_view name) const;
};

/// All challenges of the WWW-Authenticate fields. What cannot be understood is left out.
std::vector<Challenge> parse_challenges(const http::Headers& headers);

}  // namespace nacre::registry::detail
