#include "source/remote_address.hpp"

#include "base/error.hpp"
#include "base/text.hpp"

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

namespace nacre::source {
namespace {

constexpr std::string_view kUnnamed = "__unnamed__";

[[noreturn]] void refuse(std::string_view text, const std::string& why) {
    throw Error{
        ErrorCode::InvalidArgument,
        "git address " + quoted(without_credentials(text)) + ": " + why};
}

int hex_value(char c) {
    constexpr std::string_view kDigits = "0123456789abcdef";
    const std::size_t value = kDigits.find(c >= 'A' && c <= 'F' ? static_cast<char>(c + 32) : c);
    return value == std::string_view::npos ? -1 : static_cast<int>(value);
}

std::string decode_percents(std::string_view text) {
    std::string result;
    for (std::size_t at = 0; at < text.size(); ++at) {
        const bool encoded = text[at] == '%' && at + 2 < text.size() && hex_value(text[at + 1]) >= 0
                             && hex_value(text[at + 2]) >= 0;
        if (!encoded) {
            result += text[at];
            continue;
        }
        result += static_cast<char>(hex_value(text[at + 1]) * 16 + hex_value(text[at + 2]));
        at += 2;
    }
    return result;
}

/// What stands before, and behind, the first `separator`.
std::pair<std::string_view, std::string_view> cut(std::string_view text, char separator) {
    const std::size_t at = text.find(separator);
    if (at == std::string_view::npos) return {text, {}};
    return {text.substr(0, at), text.substr(at + 1)};
}

std::string_view scheme_of(std::string_view text) {
    const std::size_t end = text.find("://");
    return end == std::string_view::npos ? std::string_view{} : text.substr(0, end);
}

/// "git@example.org:path": the short form of ssh.
bool is_short_ssh(std::string_view text) {
    const std::size_t at = text.find('@');
    const std::size_t colon = text.find(':');
    return at != std::string_view::npos && colon != std::string_view::npos && at > 0 && at < colon
           && text.substr(0, colon).find('/') == std::string_view::npos;
}

bool parse_switch(std::string_view text, std::string_view key, std::string_view value) {
    constexpr std::array<std::string_view, 7> kTrue{"", "1", "t", "T", "true", "True", "TRUE"};
    constexpr std::array<std::string_view, 6> kFalse{"0", "f", "F", "false", "False", "FALSE"};
    if (std::ranges::find(kTrue, value) != kTrue.end()) return true;
    if (std::ranges::find(kFalse, value) != kFalse.end()) return false;
    refuse(text, std::string{key} + " is " + quoted(value) + ", needed 'true' or 'false'");
}

void set_once(std::string& place, std::string value, std::string_view text, std::string_view key) {
    if (!place.empty() && place != value)
        refuse(
            text,
            "it gives " + std::string{key} + " twice, as '" + place + "' and '" + value + "'");
    place = std::move(value);
}

std::string with_prefix(std::string_view prefix, const std::string& name) {
    return name.starts_with(prefix) ? name : std::string{prefix} + name;
}

void apply_query(GitAddress& address, std::string_view query, std::string_view text) {
    if (query.empty()) return;
    for (const std::string& pair : split(query, '&')) {
        const auto [key, raw] = cut(pair, '=');
        std::string value = decode_percents(raw);
        if (key == "keep-git-dir") {
            address.git_folder =
                parse_switch(text, key, value) ? GitFolder::Keep : GitFolder::Leave;
        } else if (key == "submodules") {
            if (parse_switch(text, key, value)) refuse(text, "submodules are not supported");
        } else if (key == "fetch-by-commit") {
            static_cast<void>(parse_switch(text, key, value));
        } else if (value.empty()) {
            refuse(text, "'" + std::string{key} + "' has no value");
        } else if (key == "ref") {
            set_once(address.ref, std::move(value), text, "the ref");
        } else if (key == "tag") {
            set_once(address.ref, with_prefix("refs/tags/", value), text, "the ref");
        } else if (key == "branch") {
            set_once(address.ref, with_prefix("refs/heads/", value), text, "the ref");
        } else if (key == "subdir") {
            set_once(address.folder, std::move(value), text, "the folder");
        } else if (key == "checksum" || key == "commit") {
            set_once(address.checksum, to_lower(value), text, "the checksum");
        } else if (key != "mtime") {
            refuse(text, "'" + std::string{key} + "' is no option of it");
        }
    }
}

/// "a/b" of "/a//./b/"; what would leave the repository is refused.
std::string plain_folder(std::string_view folder, std::string_view text) {
    std::vector<std::string> parts;
    for (std::string& part : split(folder, '/')) {
        if (part == "..") refuse(text, "its folder " + quoted(folder) + " has a '..'");
        if (!part.empty() && part != ".") parts.push_back(std::move(part));
    }
    return join(parts, "/");
}

/// Git takes words that begin with '-' for options, and some remotes for programs to run.
void check_words(const GitAddress& address, std::string_view text) {
    for (const std::string* word : {&address.remote, &address.ref, &address.folder}) {
        if (word->starts_with('-')) refuse(text, quoted(*word) + " begins with '-'");
        const bool has_control = std::ranges::any_of(
            *word, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
        if (has_control) refuse(text, "it has control characters");
    }
    if (address.ref.find("..") != std::string::npos || address.ref.find(':') != std::string::npos
        || address.ref.find('*') != std::string::npos || address.ref.starts_with('+'))
        refuse(text, quoted(address.ref) + " is no name of a ref");
    const bool is_hex =
        std::ranges::all_of(address.checksum, [](char c) { return hex_value(c) >= 0; });
    if (!is_hex) refuse(text, "the checksum " + quoted(address.checksum) + " is no commit id");
}

GitAddress parse_git(std::string_view text) {
    GitAddress address;
    const auto [main, fragment] = cut(text, '#');
    const auto [remote, query] = cut(main, '?');
    const auto [ref, folder] = cut(fragment, ':');
    address.remote = remote;
    address.ref = ref;
    address.folder = folder;
    apply_query(address, query, text);
    address.folder = plain_folder(address.folder, text);
    check_words(address, text);
    return address;
}

std::string file_name_of(std::string_view url) {
    std::string_view rest = url.substr(url.find("://") + 3);
    rest = rest.substr(0, rest.find_first_of("?#"));
    const std::size_t slash = rest.find('/');
    if (slash == std::string_view::npos) return std::string{kUnnamed};
    std::string path = decode_percents(rest.substr(slash));
    while (path.ends_with('/'))
        path.pop_back();
    std::string name = path.substr(path.rfind('/') + 1);
    const bool usable =
        !name.empty() && name != "." && name != ".." && name.find('\0') == std::string::npos;
    return usable ? name : std::string{kUnnamed};
}

}  // namespace

std::optional<RemoteAddress> parse_remote_address(std::string_view text) {
    const std::string_view scheme = scheme_of(text);
    if (scheme == "http" || scheme == "https") {
        const std::string_view path = text.substr(0, text.find_first_of("?#"));
        if (path.ends_with(".git")) return parse_git(text);
        return UrlAddress{std::string{text.substr(0, text.find('#'))}, file_name_of(text), {}};
    }
    if (scheme == "git" || scheme == "ssh" || (scheme.empty() && is_short_ssh(text)))
        return parse_git(text);
    return std::nullopt;
}

std::string without_credentials(std::string_view text) {
    const std::size_t start = text.find("://");
    if (start == std::string_view::npos) return std::string{text};
    const std::size_t end = std::min(text.find_first_of("/?#", start + 3), text.size());
    const std::size_t at = text.substr(0, end).rfind('@');
    if (at == std::string_view::npos || at < start + 3) return std::string{text};
    return std::string{text.substr(0, start + 3)} + std::string{text.substr(at + 1)};
}

std::string render(const RemoteAddress& address) {
    if (const auto* url = std::get_if<UrlAddress>(&address)) return without_credentials(url->url);
    const auto& git = std::get<GitAddress>(address);
    std::string text = without_credentials(git.remote);
    if (!git.ref.empty() || !git.folder.empty()) text += "#" + git.ref;
    if (!git.folder.empty()) text += ":" + git.folder;
    return text;
}

}  // namespace nacre::source
