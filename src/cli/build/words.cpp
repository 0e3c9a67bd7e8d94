#include "cli/build/words.hpp"

#include "base/error.hpp"
#include "base/text.hpp"

namespace nacre::cli::build {

void refuse(std::string_view option, std::string_view found, std::string_view needed) {
    throw Error{
        ErrorCode::InvalidArgument,
        std::string{option} + " " + quoted(found) + ": needed is " + std::string{needed}};
}

std::pair<std::string, std::string> split_pair(std::string_view text) {
    const std::size_t equals = text.find('=');
    if (equals == std::string_view::npos) return {std::string{text}, ""};
    return {std::string{text.substr(0, equals)}, std::string{text.substr(equals + 1)}};
}

std::vector<std::string> split_csv(std::string_view text) {
    std::vector<std::string> fields{""};
    bool in_quotes = false;
    for (const char c : text) {
        if (c == '"') {
            in_quotes = !in_quotes;
        } else if (c == ',' && !in_quotes) {
            fields.emplace_back();
        } else {
            fields.back() += c;
        }
    }
    return fields;
}

}  // namespace nacre::cli::build
