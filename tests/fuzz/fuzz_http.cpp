#include "http/message.hpp"
#include "http/range.hpp"
#include "http/target.hpp"

#include <cstdlib>

using nacre::http::RangeKind;

/// Whatever the bytes: what is accepted keeps what it promises.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text{reinterpret_cast<const char*>(data), size};
    if (nacre::http::percent_decode(nacre::http::percent_encode(text)) != text) std::abort();
    if (const auto target = nacre::http::parse_target(text))
        if (!target->path.starts_with('/') || target->path.find('\0') != std::string::npos)
            std::abort();
    for (const std::uint64_t length : {std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{1000}}) {
        const auto range = nacre::http::parse_range(text, length);
        if (range.kind != RangeKind::Part) continue;
        if (range.length == 0 || range.first + range.length > length) std::abort();
    }
    nacre::http::Headers headers;
    headers.add("Authorization", text);
    const auto credentials = nacre::http::find_basic_credentials(headers);
    if (credentials && credentials->user.find(':') != std::string::npos) std::abort();
    return 0;
}
