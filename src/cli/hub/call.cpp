#include "base/error.hpp"
#include "cli/hub/commands.hpp"
#include "client/json_values.hpp"
#include "json/value.hpp"
#include "koji/arguments.hpp"

#include <algorithm>

namespace nacre::cli::hub {
namespace {

/// A word that is JSON of another kind than a string is that value: 7, true, null, [1], {"a": 1}.
koji::Value parse_word(const std::string& word) {
    try {
        return client::to_koji(json::parse(word));
    } catch (const Error&) {
        return word;
    }
}

bool is_name(std::string_view text) {
    return !text.empty() && std::ranges::all_of(text, [](char c) {
        return c == '_' || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')
               || (c >= '0' && c <= '9');
    });
}

}  // namespace

koji::Array parse_arguments(const std::vector<std::string>& words) {
    koji::Arguments arguments;
    for (const std::string& word : words) {
        const std::size_t equals = word.find('=');
        if (equals != std::string::npos && is_name(std::string_view{word}.substr(0, equals)))
            arguments.keywords.set(word.substr(0, equals), parse_word(word.substr(equals + 1)));
        else
            arguments.positional.push_back(parse_word(word));
    }
    return koji::join_arguments(std::move(arguments));
}

int call(const Session& session, const CallOptions& options) {
    const Profile profile = session.profile();
    client::KojiSession hub =
        profile.password.empty() ? session.connect(profile) : session.log_in(profile);
    const json::Value answer =
        client::to_json(hub.call(options.method, parse_arguments(options.arguments)));
    session.print(options.json ? json::render(answer) + "\n" : json::render_pretty(answer));
    if (!profile.password.empty()) hub.logout();
    return 0;
}

}  // namespace nacre::cli::hub
