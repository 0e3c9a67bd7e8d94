#include "registry/detail/challenge.hpp"

#include "base/text.hpp"

#include <algorithm>

namespace nacre::registry::detail {
namespace {

/// RFC 9110, section 5.6.2.
bool is_token_character(char c) noexcept {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9')
           || std::string_view{"!#$%&'*+-.^_`|~"}.find(c) != std::string_view::npos;
}

/// What is left of a field's text.
class Scanner {
public:
    explicit Scanner(std::string_view text) : rest_{text} {}

    bool at_end() const noexcept { return rest_.empty(); }

    void skip(std::string_view characters) {
        rest_.remove_prefix(std::min(rest_.find_first_not_of(characters), rest_.size()));
    }

    bool take(char expected) {
        if (!rest_.starts_with(expected)) return false;
        rest_.remove_prefix(1);
        return true;
    }

    std::string token() {
        const auto end = std::ranges::find_if_not(rest_, is_token_character);
        return cut(static_cast<std::size_t>(end - rest_.begin()));
    }

    /// A token or a quoted string.
    std::string value() {
        if (!take('"')) return token();
        std::string text;
        while (!at_end() && !rest_.starts_with('"')) {
            if (rest_.starts_with('\\') && rest_.size() > 1) rest_.remove_prefix(1);
            text += rest_.front();
            rest_.remove_prefix(1);
        }
        take('"');
        return text;
    }

    /// "68-character" credentials, as other schemes have them, and whatever else is before the next comma.
    void skip_item() { rest_.remove_prefix(std::min(rest_.find(','), rest_.size())); }

private:
    std::string cut(std::size_t size) {
        std::string text{rest_.substr(0, size)};
        rest_.remove_prefix(size);
        return text;
    }

    std::string_view rest_;
};

void parse(std::string_view text, std::vector<Challenge>& challenges) {
    Scanner scanner{text};
    while (true) {
        scanner.skip(", \t");
        if (scanner.at_end()) return;
        const std::string name = to_lower(scanner.token());
        scanner.skip(" \t");
        if (scanner.take('=') && !challenges.empty() && !name.empty()) {
            scanner.skip(" \t");
            challenges.back().fields.emplace_back(name, scanner.value());
        } else if (name.empty()) {
            scanner.skip_item();
        } else {
            challenges.push_back({.scheme = name, .fields = {}});
        }
    }
}

}  // namespace

std::string Challenge::field(std::string_view name) const {
    const auto found =
        std::ranges::find_if(fields, [&](const auto& field) { return field.first == name; });
    return found == fields.end() ? "" : found->second;
}

std::vector<Challenge> parse_challenges(const http::Headers& headers) {
    std::vector<Challenge> challenges;
    for (const auto& [name, text] : headers.fields())
        if (equals_ignoring_case(name, "WWW-Authenticate")) parse(text, challenges);
    return challenges;
}

}  // namespace nacre::registry::detail
