#include "engine/accounts.hpp"

#include "base/error.hpp"
#include "base/text.hpp"

#include <algorithm>
#include <limits>
#include <optional>

namespace nacre::engine {
namespace {

constexpr std::size_t kAccountBytesMax = 4U << 20U;

std::optional<std::uint32_t> parse_id(std::string_view text) {
    const auto number = parse_integer(text);
    if (!number || *number < 0 || *number > std::numeric_limits<std::uint32_t>::max() - 1)
        return std::nullopt;
    return static_cast<std::uint32_t>(*number);
}

/// Lines "name:x:ID:...": the fields of the first whose name or id is `key`.
std::optional<std::vector<std::string>> find_line(
    std::string_view text, std::string_view key, std::size_t fields) {
    for (const std::string& line : split(text, '\n')) {
        std::vector<std::string> parts = split(line, ':');
        if (parts.size() < fields || !parse_id(parts[2])) continue;
        if (parts[0] == key || parts[2] == key) return parts;
    }
    return std::nullopt;
}

std::uint32_t resolve_group(std::string_view key, std::string_view group) {
    if (const auto line = find_line(group, key, 3)) return *parse_id((*line)[2]);
    if (const auto id = parse_id(key)) return *id;
    throw Error{ErrorCode::NotFound, "group " + quoted(key) + " is not in the image's /etc/group"};
}

std::vector<std::uint32_t> groups_of(std::string_view user, std::string_view group) {
    std::vector<std::uint32_t> ids;
    for (const std::string& line : split(group, '\n')) {
        const std::vector<std::string> parts = split(line, ':');
        if (parts.size() < 4 || !parse_id(parts[2])) continue;
        const std::vector<std::string> members = split(parts[3], ',');
        if (std::ranges::find(members, user) != members.end()) ids.push_back(*parse_id(parts[2]));
    }
    return ids;
}

}  // namespace

Account resolve_account(std::string_view text, std::string_view passwd, std::string_view group) {
    Account account;
    if (text.empty()) return account;
    const std::size_t colon = text.find(':');
    const std::string_view user = text.substr(0, colon);
    if (const auto line = find_line(passwd, user, 6)) {
        account.owner.uid = *parse_id((*line)[2]);
        account.owner.gid = parse_id((*line)[3]).value_or(0);
        account.home = (*line)[5].empty() ? "/" : (*line)[5];
        if (colon == std::string_view::npos) account.additional_gids = groups_of((*line)[0], group);
    } else if (const auto id = parse_id(user)) {
        account.owner.uid = *id;
    } else if (!user.empty()) {
        throw Error{
            ErrorCode::NotFound, "user " + quoted(user) + " is not in the image's /etc/passwd"};
    }
    if (colon != std::string_view::npos)
        account.owner.gid = resolve_group(text.substr(colon + 1), group);
    return account;
}

Account resolve_account(std::string_view text, const FindText& find_text) {
    if (text.empty()) return {};
    return resolve_account(
        text,
        find_text("/etc/passwd", kAccountBytesMax).value_or(""),
        find_text("/etc/group", kAccountBytesMax).value_or(""));
}

}  // namespace nacre::engine
