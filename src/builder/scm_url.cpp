#include "builder/scm_url.hpp"

#include "base/text.hpp"
#include "koji/fault.hpp"
#include "source/git_tree.hpp"

#include <algorithm>
#include <array>

namespace nacre::builder {
namespace {

constexpr std::array<std::string_view, 4> kSchemes{"git", "git+http", "git+https", "git+ssh"};
constexpr std::size_t kUrlBytesMax = 4096;

koji::Fault invalid(std::string_view url, const std::string& why) {
    return koji::Fault{
        koji::FaultCode::BuildError, "Invalid source specification: " + quoted(url) + ": " + why};
}

bool is_safe_path(std::string_view path) {
    const auto pieces = split(path, '/');
    return std::ranges::all_of(pieces, [](const std::string& piece) {
        const bool plain = std::ranges::all_of(piece, [](char c) { return c > ' ' && c < 0x7F; });
        return piece != ".." && piece != "." && !piece.starts_with('-') && plain;
    });
}

/// Cuts `text` at the first `mark` and returns what stood behind it.
std::string cut_after(std::string_view& text, char mark) {
    const std::size_t at = text.find(mark);
    if (at == std::string_view::npos) return {};
    std::string rest{text.substr(at + 1)};
    text = text.substr(0, at);
    return rest;
}

std::string normalised(std::string_view path) {
    std::string result;
    for (const std::string& piece : split(path, '/'))
        if (!piece.empty()) result += "/" + piece;
    return result;
}

void parse_authority(std::string_view text, std::string_view authority, ScmUrl& url) {
    const std::size_t at = authority.rfind('@');
    if (at != std::string_view::npos) {
        url.user = authority.substr(0, at);
        authority.remove_prefix(at + 1);
    }
    if (url.user.find(':') != std::string::npos)
        throw invalid(text.substr(0, text.find(':')), "a password is not allowed in the address");
    const auto is_host_character = [](char c) {
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')
               || std::string_view{".-:[]_"}.find(c) != std::string_view::npos;
    };
    if (authority.empty() || authority.starts_with('-')
        || !std::ranges::all_of(authority, is_host_character))
        throw invalid(text, "a host is missing or malformed");
    url.host = authority;
}

}  // namespace

ScmUrl ScmUrl::parse(std::string_view text) {
    if (text.size() > kUrlBytesMax) throw invalid(text, "it is too long");
    ScmUrl url;
    std::string_view rest = text;
    url.revision = cut_after(rest, '#');
    if (url.revision.empty())
        throw invalid(text, "Could not find the fragment element, '#' and the id of a commit");
    if (!source::is_commit_id(url.revision))
        throw invalid(text, "the part after '#' must be a full commit id of 40 hex digits");
    url.subfolder = cut_after(rest, '?');
    const std::size_t colon = rest.find("://");
    if (colon == std::string_view::npos) throw invalid(text, "it has no '://'");
    url.scheme = rest.substr(0, colon);
    if (std::ranges::find(kSchemes, url.scheme) == kSchemes.end())
        throw invalid(
            text, "scheme '" + url.scheme + "' is not one of git, git+http, git+https, git+ssh");
    rest.remove_prefix(colon + 3);
    if (rest.find(';') != std::string_view::npos)
        throw invalid(text, "parameters (';') are not allowed");
    const std::size_t slash = std::min(rest.find('/'), rest.size());
    parse_authority(text, rest.substr(0, slash), url);
    url.repository = normalised(rest.substr(slash));
    if (url.repository.empty()) throw invalid(text, "it names no repository");
    if (!is_safe_path(url.repository.substr(1))
        || (!url.subfolder.empty() && !is_safe_path(url.subfolder)))
        throw invalid(text, "a path has '..', a blank or a leading '-'");
    return url;
}

std::string ScmUrl::clone_url() const {
    const std::string plain = scheme.starts_with("git+") ? scheme.substr(4) : scheme;
    return plain + "://" + (user.empty() ? "" : user + "@") + host + repository;
}

}  // namespace nacre::builder
