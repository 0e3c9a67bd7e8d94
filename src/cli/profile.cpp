#include "cli/profile.hpp"

#include "base/error.hpp"
#include "base/text.hpp"
#include "os/file.hpp"

#include <map>

namespace nacre::cli {
namespace {

constexpr std::size_t kFileBytesMax = 1U << 20U;
constexpr std::string_view kHubPath = "/kojihub";

struct Line {
    std::string section;  ///< set for a header line
    std::string key;      ///< set for a setting
    std::string value;
};

Line parse_line(std::string_view raw, const std::string& place) {
    const std::string_view text = trim(raw);
    if (text.empty() || text.front() == '#' || text.front() == ';') return {};
    if (text.front() == '[') {
        if (text.back() != ']')
            throw Error{ErrorCode::InvalidArgument, place + ": a section needs a closing ']'"};
        return {.section = std::string{trim(text.substr(1, text.size() - 2))}};
    }
    const std::size_t equals = text.find('=');
    if (equals == std::string_view::npos)
        throw Error{
            ErrorCode::InvalidArgument, place + ": expected 'key = value', found " + quoted(text)};
    return {
        .key = to_lower(trim(text.substr(0, equals))),
        .value = std::string{trim(text.substr(equals + 1))}};
}

std::map<std::string, std::string> settings_of(
    std::string_view text, const std::string& section, const std::string& file) {
    std::map<std::string, std::string> settings;
    std::string current;
    int number = 0;
    for (const std::string& raw : split(text, '\n')) {
        const Line line = parse_line(raw, file + ":" + std::to_string(++number));
        if (!line.section.empty()) current = line.section;
        if (!line.key.empty() && current == section) settings[line.key] = line.value;
    }
    return settings;
}

/// "http://host:port" of "http://host:port/kojihub".
std::string base_of(std::string_view server) {
    while (server.ends_with('/'))
        server.remove_suffix(1);
    if (server.ends_with(kHubPath)) server.remove_suffix(kHubPath.size());
    return std::string{server};
}

}  // namespace

Profile parse_profile(std::string_view text, const ProfileSource& source) {
    auto settings = settings_of(text, source.section, source.file.string());
    const auto take = [&](const std::string& key, const std::string& fallback) {
        const auto found = settings.find(key);
        return found == settings.end() || found->second.empty() ? fallback : found->second;
    };
    Profile profile;
    profile.server = source.server.value_or(take("server", ""));
    if (profile.server.empty())
        throw Error{
            ErrorCode::NotFound, "no server is configured in '" + source.file.string() + "'"}
            .with_hint("run 'nacre login --server URL --user NAME', or give --server");
    const std::string base = base_of(profile.server);
    profile.server = base + std::string{kHubPath};
    profile.weburl = take("weburl", base + "/koji");
    profile.topurl = take("topurl", base + "/kojifiles");
    profile.gitbaseurl = take("gitbaseurl", base + "/git");
    profile.apiurl = take("apiurl", base + "/api/0");
    profile.serverca = source.ca_file.value_or(take("serverca", ""));
    profile.user = source.user.value_or(take("user", ""));
    // The password in the file is the one of the user in the file.
    if (profile.user == take("user", "")) profile.password = Secret{take("password", "")};
    return profile;
}

Profile load_profile(const ProfileSource& source) {
    return parse_profile(os::find_file(source.file, kFileBytesMax).value_or(""), source);
}

std::string find_server_ca(const ProfileSource& source) {
    if (source.ca_file) return *source.ca_file;
    const std::string text = os::find_file(source.file, kFileBytesMax).value_or("");
    auto settings = settings_of(text, source.section, source.file.string());
    return settings["serverca"];
}

std::string render_profile(
    std::string_view text, const std::string& section, const Profile& profile) {
    std::string before;
    std::string inside = "[" + section + "]\nserver = " + profile.server + "\nuser = "
                         + profile.user + "\npassword = " + profile.password.reveal() + "\n";
    if (!profile.serverca.empty()) inside += "serverca = " + profile.serverca + "\n";
    std::string after;
    std::string current;
    bool seen = false;
    for (const std::string& raw : split(text, '\n')) {
        const Line line = parse_line(raw, section);
        if (!line.section.empty()) {
            current = line.section;
            if (current == section) {
                seen = true;
                continue;
            }
        }
        const bool replaced = line.key == "server" || line.key == "user" || line.key == "password"
                              || (line.key == "serverca" && !profile.serverca.empty());
        if (current == section && replaced) continue;
        if (raw.empty()) continue;
        std::string& part = current == section ? inside : seen ? after : before;
        part += raw + "\n";
    }
    return before + inside + after;
}

}  // namespace nacre::cli
