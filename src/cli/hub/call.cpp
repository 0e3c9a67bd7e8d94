#include "base/error.hpp"
#include "cli/hub/commands.hpp"
#include "json/value.hpp"
#include "koji/arguments.hpp"

#include <algorithm>

namespace nacre::cli::hub {
namespace {

koji::Value to_koji(const json::Value& value) {
    if (const bool* flag = value.if_bool()) return *flag;
    if (const std::int64_t* number = value.if_integer()) return *number;
    if (const double* number = value.if_double()) return *number;
    if (const std::string* text = value.if_string()) return *text;
    if (const json::Array* list = value.if_array()) {
        koji::Array result;
        for (const json::Value& one : *list)
            result.push_back(to_koji(one));
        return result;
    }
    if (const json::Object* object = value.if_object()) {
        koji::Struct result;
        for (const json::Member& member : object->members())
            result.set(member.name, to_koji(member.value));
        return result;
    }
    return {};
}

json::Value to_json(const koji::Value& value) {
    if (const bool* flag = value.if_bool()) return *flag;
    if (const std::int64_t* number = value.if_integer()) return *number;
    if (const double* number = value.if_double()) return *number;
    if (const std::string* text = value.if_string()) return *text;
    if (const koji::Array* list = value.if_array()) {
        json::Array result;
        for (const koji::Value& one : *list)
            result.push_back(to_json(one));
        return result;
    }
    if (const koji::Struct* fields = value.if_struct()) {
        json::Object result;
        for (const koji::Member& member : fields->members())
            result.set(member.name, to_json(member.value));
        return result;
    }
    return {};
}

/// A word that is JSON of another kind than a string is that value: 7, true, null, [1], {"a": 1}.
koji::Value parse_word(const std::string& word) {
    try {
        return to_koji(json::parse(word));
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
        to_json(hub.call(options.method, parse_arguments(options.arguments)));
    session.print(options.json ? json::render(answer) + "\n" : json::render_pretty(answer));
    if (!profile.password.empty()) hub.logout();
    return 0;
}

}  // namespace nacre::cli::hub
