#include "source/address_secrets.hpp"

#include "base/bytes.hpp"
#include "base/error.hpp"
#include "base/text.hpp"
#include "source/remote_address.hpp"

#include <algorithm>
#include <vector>

namespace nacre::source {
namespace {

constexpr std::string_view kTokenUser = "x-access-token:";

/// Files often end in a line feed that belongs to nobody.
std::optional<std::string> find_line(const std::string& name, const FindSecret& find) {
    if (!find) return std::nullopt;
    const auto secret = find(name);
    if (!secret) return std::nullopt;
    std::string text{trim(secret->reveal())};
    const bool is_line = std::ranges::all_of(
        text, [](char c) { return static_cast<unsigned char>(c) >= 0x20 && c != 0x7f; });
    if (text.empty() || !is_line)
        throw Error{
            ErrorCode::InvalidArgument,
            "the secret " + quoted(name) + " is no text of one line, as it needs to be"};
    return text;
}

/// "example.org:8443" and "example.org"; without credentials.
std::vector<std::string> hosts_of(std::string_view url) {
    const std::string origin = origin_of(url);
    if (origin.empty()) return {};
    const std::size_t start = origin.find("://") + 3;
    std::string host = origin.substr(start, origin.size() - start - 1);
    std::vector<std::string> hosts{host};
    const std::size_t colon = host.rfind(':');
    if (colon != std::string::npos && host.find(']', colon) == std::string::npos)
        hosts.push_back(host.substr(0, colon));
    return hosts;
}

}  // namespace

std::string origin_of(std::string_view url) {
    const std::string plain = without_credentials(url);
    const std::size_t scheme = plain.find("://");
    if (scheme == std::string::npos) return "";
    const std::string name = to_lower(plain.substr(0, scheme));
    if (name != "http" && name != "https") return "";
    const std::size_t end = std::min(plain.find_first_of("/?#", scheme + 3), plain.size());
    return name + plain.substr(scheme, end - scheme) + "/";
}

std::optional<Secret> find_file_authorization(std::string_view url, const FindSecret& find) {
    for (const std::string& host : hosts_of(url)) {
        if (auto header = find_line("HTTP_AUTH_HEADER_" + host, find))
            return Secret{*std::move(header)};
        if (const auto token = find_line("HTTP_AUTH_TOKEN_" + host, find))
            return Secret{"Bearer " + *token};
    }
    return std::nullopt;
}

std::optional<Secret> find_git_authorization(std::string_view remote, const FindSecret& find) {
    std::vector<std::string> suffixes;
    for (const std::string& host : hosts_of(remote))
        suffixes.push_back("." + host);
    if (suffixes.empty()) return std::nullopt;
    suffixes.emplace_back();
    for (const std::string& suffix : suffixes) {
        if (auto header = find_line("GIT_AUTH_HEADER" + suffix, find))
            return Secret{*std::move(header)};
        if (const auto token = find_line("GIT_AUTH_TOKEN" + suffix, find))
            return Secret{"basic " + to_base64(as_bytes(std::string{kTokenUser} + *token))};
    }
    return std::nullopt;
}

}  // namespace nacre::source
