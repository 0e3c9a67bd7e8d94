#include "sql/postgres_dialect.hpp"

#include <algorithm>
#include <array>

namespace nacre::sql {
namespace {

struct Mapping {
    std::string_view prefix;
    ErrorCode code;
};

// The first that fits counts: single states stand before their class.
constexpr std::array kMappings{
    Mapping{"22003", ErrorCode::InvalidArgument},  // a number that the column cannot hold
    Mapping{"22021", ErrorCode::InvalidArgument},  // text that is not UTF-8, or has a NUL
    Mapping{"22P05", ErrorCode::InvalidArgument},
    Mapping{"23", ErrorCode::Conflict},
    Mapping{"53300", ErrorCode::Unavailable},  // too many connections
    Mapping{"53", ErrorCode::ResourceExhausted},
    Mapping{"54", ErrorCode::ResourceExhausted},
    Mapping{"08", ErrorCode::Unavailable},
    Mapping{"25P03", ErrorCode::Unavailable},  // idle in a transaction for too long
    Mapping{"40", ErrorCode::Unavailable},
    Mapping{"55P03", ErrorCode::Unavailable},  // a lock was not to be had in time
    Mapping{"57", ErrorCode::Unavailable},     // stopping, starting, cancelled for its length
    Mapping{"58", ErrorCode::Unavailable},     // input or output of the server failed
    Mapping{"XX001", ErrorCode::DataCorrupt},
    Mapping{"XX002", ErrorCode::DataCorrupt},
};

/// One past the end of what starts at `at` and runs to `end`, or of the whole.
std::size_t skip_past(std::string_view text, std::size_t at, std::string_view end) {
    const std::size_t found = text.find(end, at);
    return found == std::string_view::npos ? text.size() : found + end.size();
}

}  // namespace

NumberedStatement number_parameters(std::string_view statement) {
    NumberedStatement numbered;
    std::size_t at = 0;
    while (at < statement.size()) {
        const char c = statement[at];
        std::size_t end = at + 1;
        if (c == '\'' || c == '"')
            end = skip_past(statement, at + 1, statement.substr(at, 1));
        else if (statement.substr(at).starts_with("--"))
            end = skip_past(statement, at, "\n");
        if (c == '?')
            numbered.text += "$" + std::to_string(++numbered.parameters);
        else
            numbered.text += statement.substr(at, end - at);
        at = end;
    }
    return numbered;
}

ErrorCode code_of_sqlstate(std::string_view state) noexcept {
    const auto* const found = std::ranges::find_if(
        kMappings, [state](const Mapping& one) { return state.starts_with(one.prefix); });
    return found == kMappings.end() ? ErrorCode::Internal : found->code;
}

}  // namespace nacre::sql
