// A pattern is a non-deterministic automaton whose states are the positions in the pattern. All states that are
// possible after each byte of the value are followed at once, so that no pattern makes the search explode.
#include "dockerfile/detail/pattern.hpp"

#include "base/error.hpp"
#include "dockerfile/expansion.hpp"

#include <algorithm>
#include <optional>
#include <vector>

namespace nacre::dockerfile::detail {
namespace {

struct Token {
    enum class Kind : std::uint8_t { Byte, AnyByte, AnyRun } kind = Kind::Byte;
    char byte = '\0';
};

std::vector<Token> compile(std::string_view pattern) {
    std::vector<Token> tokens;
    for (std::size_t i = 0; i < pattern.size(); ++i) {
        const char c = pattern[i];
        if (c == '*') {
            if (tokens.empty() || tokens.back().kind != Token::Kind::AnyRun)
                tokens.push_back({Token::Kind::AnyRun});
        } else if (c == '?') {
            tokens.push_back({Token::Kind::AnyByte});
        } else {
            if (c == '\\' && i + 1 < pattern.size()) ++i;
            tokens.push_back({Token::Kind::Byte, pattern[i]});
        }
    }
    return tokens;
}

/// Marks in `next` the states that `c` leads to from those of `now`.
void step(
    const std::vector<Token>& tokens,
    char c,
    const std::vector<char>& now,
    std::vector<char>& next) {
    std::ranges::fill(next, 0);
    for (std::size_t i = 0; i < tokens.size(); ++i) {
        if (now[i] == 0) continue;
        if (tokens[i].kind == Token::Kind::AnyRun) {
            next[i] = 1;
        } else if (tokens[i].kind == Token::Kind::AnyByte || tokens[i].byte == c) {
            next[i + 1] = 1;
        }
    }
}

/// The end of a match of all of `tokens` that begins at the front of `text`.
std::optional<std::size_t> match_front(
    const std::vector<Token>& tokens, std::string_view text, Reach reach, PatternWork& work) {
    std::vector<char> now(tokens.size() + 1, 0);
    std::vector<char> next(tokens.size() + 1, 0);
    const auto close = [&](std::vector<char>& states) {
        for (std::size_t i = 0; i < tokens.size(); ++i) {
            if (states[i] != 0 && tokens[i].kind == Token::Kind::AnyRun) states[i + 1] = 1;
        }
    };
    now[0] = 1;
    close(now);
    std::optional<std::size_t> best;
    for (std::size_t at = 0;; ++at) {
        if (now.back() != 0) {
            best = at;
            if (reach == Reach::Shortest) return best;
        }
        if (at == text.size() || std::ranges::find(now, 1) == now.end()) return best;
        work.spend(tokens.size() + 1);
        step(tokens, text[at], now, next);
        close(next);
        now.swap(next);
    }
}

}  // namespace

void PatternWork::spend(std::size_t amount) {
    spent_ += amount;
    if (spent_ <= kPatternWorkMax) return;
    throw Error{
        ErrorCode::ResourceExhausted, "a pattern in a substitution is too costly for its value"}
        .with_hint("shorten the pattern or the value, or do it in a RUN step");
}

std::string remove_prefix(
    std::string_view value, std::string_view pattern, Reach reach, PatternWork& work) {
    const std::optional<std::size_t> end = match_front(compile(pattern), value, reach, work);
    return std::string{value.substr(end.value_or(0))};
}

std::string remove_suffix(
    std::string_view value, std::string_view pattern, Reach reach, PatternWork& work) {
    std::vector<Token> tokens = compile(pattern);
    std::ranges::reverse(tokens);
    const std::string reversed{value.rbegin(), value.rend()};
    const std::optional<std::size_t> length = match_front(tokens, reversed, reach, work);
    return std::string{value.substr(0, value.size() - length.value_or(0))};
}

std::string replace_matches(
    std::string_view value, const Replacement& replacement, PatternWork& work) {
    const std::vector<Token> tokens = compile(replacement.pattern);
    if (tokens.empty()) return std::string{value};
    std::string result;
    std::size_t at = 0;
    bool may_match = true;
    while (at < value.size()) {
        std::optional<std::size_t> length;
        if (may_match) length = match_front(tokens, value.substr(at), Reach::Longest, work);
        if (length.value_or(0) == 0) {
            result += value[at++];
            continue;
        }
        result += replacement.text;
        if (result.size() > kExpansionBytesMax) {
            throw Error{ErrorCode::ResourceExhausted, "the value of a substitution is too long"};
        }
        at += *length;
        may_match = replacement.count == Count::All;
    }
    return result;
}

}  // namespace nacre::dockerfile::detail
