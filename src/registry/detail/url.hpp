#pragma once

#include <string>
#include <string_view>

namespace nacre::registry::detail {

/// An address of HTTP (RFC 3986), without user information and fragment.
struct Url {
    std::string scheme;  ///< "http" or "https"
    std::string host;    ///< with the port when there is one, lower case
    std::string target;  ///< path and query, starts with '/'

    std::string str() const { return scheme + "://" + host + target; }

    bool is_same_server(const Url& other) const noexcept {
        return scheme == other.scheme && host == other.host;
    }
};

/// Throws Error{DataCorrupt}: such an address comes from a registry.
Url parse_url(std::string_view text);

/// What a Location field of an answer from `base` means: an address, or a path on the same server. Throws Error{DataCorrupt}, also when it
/// leads from https to http.
Url resolve_location(const Url& base, std::string_view location);

/// With another query parameter; the value is encoded.
Url with_query(Url url, std::string_view name, std::string_view value);

}  // namespace nacre::registry::detail
