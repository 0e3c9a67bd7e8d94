#include "registry/detail/url.hpp"

#include "base/error.hpp"
#include "base/text.hpp"
#include "http/message.hpp"

#include <algorithm>

namespace nacre::registry::detail {
namespace {

constexpr std::size_t kUrlBytesMax = 16U << 10U;

[[noreturn]] void refuse(std::string_view text, std::string_view why) {
    throw Error{
        ErrorCode::DataCorrupt,
        "the registry named the address " + quoted(text) + ", " + std::string{why}};
}

bool is_plain(char c) noexcept {
    return c > ' ' && c < '\x7f';
}

}  // namespace

Url parse_url(std::string_view text) {
    if (text.size() > kUrlBytesMax) refuse(text, "which is too long");
    if (!std::ranges::all_of(text, is_plain))
        refuse(text, "which has characters that need encoding");
    text = text.substr(0, text.find('#'));
    const std::size_t colon = text.find("://");
    Url url{
        .scheme = to_lower(text.substr(0, std::min(colon, text.size()))),
        .host = "",
        .target = "/"};
    if (url.scheme != "http" && url.scheme != "https")
        refuse(text, "which is no http or https one");
    text.remove_prefix(colon + 3);
    const std::size_t end = std::min(text.find_first_of("/?"), text.size());
    url.host = to_lower(text.substr(0, end));
    if (url.host.empty()) refuse(text, "which names no server");
    if (url.host.find('@') != std::string::npos) refuse(text, "which has credentials in it");
    const std::string_view rest = text.substr(end);
    url.target = rest.starts_with('/') ? std::string{rest} : "/" + std::string{rest};
    return url;
}

Url resolve_location(const Url& base, std::string_view location) {
    std::string text{location};
    if (location.starts_with("//"))
        text = base.scheme + ":" + text;
    else if (location.starts_with('/'))
        text = base.scheme + "://" + base.host + text;
    else if (location.find("://") == std::string_view::npos)
        text = base.scheme + "://" + base.host
               + base.target.substr(0, base.target.substr(0, base.target.find('?')).rfind('/') + 1)
               + text;
    Url url = parse_url(text);
    if (base.scheme == "https" && url.scheme != "https") refuse(location, "which leaves TLS");
    return url;
}

Url with_query(Url url, std::string_view name, std::string_view value) {
    url.target += url.target.find('?') == std::string::npos ? '?' : '&';
    url.target.append(name).append("=").append(http::percent_encode(value));
    return url;
}

}  // namespace nacre::registry::detail
