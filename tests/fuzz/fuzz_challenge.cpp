#include "registry/detail/challenge.hpp"

#include <cstdint>
#include <cstdlib>
#include <string>

/// Challenges have a scheme, and come to an end.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    nacre::http::Headers headers;
    headers.add("WWW-Authenticate", std::string{data, data + size});
    for (const auto& challenge : nacre::registry::detail::parse_challenges(headers)) {
        if (challenge.scheme.empty()) std::abort();
        for (const auto& [name, value] : challenge.fields)
            if (name.empty()) std::abort();
    }
    return 0;
}
