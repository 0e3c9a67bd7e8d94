#include "source/ignore.hpp"

#include "base/error.hpp"
#include "base/text.hpp"

#include <algorithm>

namespace nacre::source {
namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

/// Resolves "." and "..", doubled and trailing slashes, as Go's path.Clean does for relative paths.
std::string clean(std::string_view text) {
    const bool rooted = text.starts_with('/');
    std::vector<std::string> parts;
    for (std::string& part : split(text, '/')) {
        if (part.empty() || part == ".") continue;
        if (part == ".." && !parts.empty() && parts.back() != "..") {
            parts.pop_back();
        } else if (part != ".." || !rooted) {
            parts.push_back(std::move(part));
        }
    }
    return join(parts, "/");
}

[[noreturn]] void refuse(std::string_view pattern, const std::string& why) {
    throw Error{ErrorCode::InvalidArgument, "pattern " + quoted(pattern) + " " + why};
}

}  // namespace

PathPattern::PathPattern(std::string_view text) {
    if (text.size() > kIgnorePatternBytesMax) {
        refuse(
            text.substr(0, 40),
            "is too long: needed at most " + std::to_string(kIgnorePatternBytesMax) + " bytes");
    }
    const std::string path = clean(text);
    compile(path);
    choose_kind(path);
}

void PathPattern::compile(std::string_view text) {
    for (std::size_t at = 0; at < text.size(); ++at) {
        const char c = text[at];
        if (c == '*' && at + 1 < text.size() && text[at + 1] == '*') {
            ++at;
            if (at + 1 < text.size() && text[at + 1] == '/') ++at;
            if (at + 1 == text.size()) {
                tokens_.push_back({Token::Kind::AnyRest});
            } else {
                tokens_.push_back({Token::Kind::EnterFolders});
                tokens_.push_back({Token::Kind::FolderRun});
            }
        } else if (c == '*') {
            tokens_.push_back({Token::Kind::AnyRun});
        } else if (c == '?') {
            tokens_.push_back({Token::Kind::AnyByte});
        } else if (c == '[') {
            at = compile_set(text, at);
        } else if (c == '\\') {
            if (at + 1 == text.size()) refuse(text, "ends in an escape character");
            tokens_.push_back({Token::Kind::Byte, text[++at]});
        } else {
            tokens_.push_back({Token::Kind::Byte, c});
        }
    }
}

std::size_t PathPattern::compile_set(std::string_view text, std::size_t at) {
    Set set;
    ++at;
    set.negated = at < text.size() && text[at] == '^';
    if (set.negated) ++at;
    const auto take = [&] {
        if (at < text.size() && text[at] == '\\') ++at;
        if (at >= text.size()) refuse(text, "has a '[' without its ']'");
        return text[at++];
    };
    while (at >= text.size() || text[at] != ']' || set.ranges.empty()) {
        const char first = take();
        char last = first;
        if (at + 1 < text.size() && text[at] == '-' && text[at + 1] != ']') {
            ++at;
            last = take();
        }
        set.ranges.push_back({first, last});
    }
    tokens_.push_back({Token::Kind::Set, '\0', sets_.size()});
    sets_.push_back(std::move(set));
    return at;
}

void PathPattern::choose_kind(std::string_view text) {
    const auto is_byte = [](const Token& token) { return token.kind == Token::Kind::Byte; };
    const auto literal = [](auto first, auto last) {
        std::string bytes;
        for (; first != last; ++first)
            bytes += first->byte;
        return bytes;
    };
    const bool has_escape = text.find('\\') != std::string_view::npos;
    if (std::ranges::all_of(tokens_, is_byte)) {
        kind_ = Kind::Exact;
        literal_ = literal(tokens_.begin(), tokens_.end());
    } else if (
        tokens_.back().kind == Token::Kind::AnyRest
        && std::all_of(tokens_.begin(), tokens_.end() - 1, is_byte)) {
        kind_ = Kind::Prefix;
        literal_ = literal(tokens_.begin(), tokens_.end() - 1);
    } else if (
        // moby takes "**.log" for "ends in .log", while "a**.log" wants whole components.
        tokens_.size() > 2 && tokens_[0].kind == Token::Kind::EnterFolders && text.size() > 2
        && text[2] != '/' && !has_escape
        && std::all_of(tokens_.begin() + 2, tokens_.end(), is_byte)) {
        kind_ = Kind::Suffix;
        literal_ = literal(tokens_.begin() + 2, tokens_.end());
    }
}

bool PathPattern::set_has(const Set& set, char c) const {
    if (c == '/') return false;
    const bool found = std::ranges::any_of(set.ranges, [c](const Range& range) {
        const auto value = static_cast<unsigned char>(c);
        return static_cast<unsigned char>(range.first) <= value
               && value <= static_cast<unsigned char>(range.last);
    });
    return found != set.negated;
}

void PathPattern::close(std::vector<char>& states) const {
    for (std::size_t i = 0; i < tokens_.size(); ++i) {
        if (states[i] == 0) continue;
        const Token::Kind kind = tokens_[i].kind;
        if (kind == Token::Kind::AnyRun || kind == Token::Kind::AnyRest) states[i + 1] = 1;
        if (kind == Token::Kind::EnterFolders) states[i + 1] = states[i + 2] = 1;
    }
}

bool PathPattern::step(std::vector<char>& now, std::vector<char>& next, char c) const {
    bool alive = false;
    std::ranges::fill(next, 0);
    for (std::size_t i = 0; i < tokens_.size(); ++i) {
        if (now[i] == 0) continue;
        const Token& token = tokens_[i];
        bool stays = false;
        bool passes = false;
        switch (token.kind) {
            case Token::Kind::Byte:
                passes = token.byte == c;
                break;
            case Token::Kind::AnyByte:
                passes = c != '/';
                break;
            case Token::Kind::Set:
                passes = set_has(sets_[token.index], c);
                break;
            case Token::Kind::AnyRun:
                stays = c != '/';
                break;
            case Token::Kind::FolderRun:
                stays = true;
                passes = c == '/';
                break;
            case Token::Kind::AnyRest:
                stays = true;
                break;
            case Token::Kind::EnterFolders:
                break;
        }
        if (stays) next[i] = 1;
        if (passes) next[i + 1] = 1;
        alive = alive || stays || passes;
    }
    close(next);
    now.swap(next);
    return alive;
}

bool PathPattern::run_literal(std::string_view path, Parents parents) const {
    const bool with_parents = parents == Parents::Count;
    if (kind_ == Kind::Prefix) return path.starts_with(literal_);
    if (kind_ == Kind::Exact) {
        if (!path.starts_with(literal_) || literal_.empty()) return false;
        return path.size() == literal_.size() || (with_parents && path[literal_.size()] == '/');
    }
    if (path.ends_with(literal_)) return true;
    for (std::size_t at = path.find('/'); with_parents && at != std::string_view::npos;
         at = path.find('/', at + 1)) {
        if (path.substr(0, at).ends_with(literal_)) return true;
    }
    return false;
}

bool PathPattern::run(std::string_view path, Parents parents) const {
    if (kind_ != Kind::Automaton) return run_literal(path, parents);
    std::vector<char> now(tokens_.size() + 1, 0);
    std::vector<char> next(tokens_.size() + 1, 0);
    now[0] = 1;
    close(now);
    for (const char c : path) {
        if (c == '/' && parents == Parents::Count && now.back() != 0) return true;
        if (!step(now, next, c)) return false;
    }
    return now.back() != 0;
}

bool PathPattern::matches(std::string_view path) const {
    return run(path, Parents::Ignore);
}

bool PathPattern::matches_with_parents(std::string_view path) const {
    return run(path, Parents::Count);
}

void IgnorePatterns::add(std::string_view text) {
    const bool exception = text.starts_with('!');
    const std::string_view pattern = exception ? trim(text.substr(1)) : text;
    if (pattern.empty()) refuse(text, "takes nothing back: needed a pattern after '!'");
    if (rules_.size() >= kIgnorePatternsMax) {
        throw Error{
            ErrorCode::InvalidArgument,
            "there are more than " + std::to_string(kIgnorePatternsMax) + " patterns"};
    }
    rules_.push_back({PathPattern{pattern}, exception});
    has_exceptions_ = has_exceptions_ || exception;
}

bool IgnorePatterns::excludes(std::string_view path) const {
    const auto last = std::find_if(rules_.rbegin(), rules_.rend(), [path](const Rule& rule) {
        return rule.pattern.matches_with_parents(path);
    });
    return last != rules_.rend() && !last->exception;
}

IgnoreFile parse_ignore_file(std::string_view text, const std::string& file_name) {
    IgnoreFile result;
    if (text.size() > kIgnoreBytesMax) {
        result.diagnostics.push_back(
            {.file = file_name,
             .message = "the file has " + std::to_string(text.size()) + " bytes, needed at most "
                        + std::to_string(kIgnoreBytesMax)});
        return result;
    }
    if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
    int number = 0;
    for (const std::string& line : split(text, '\n')) {
        ++number;
        const std::string_view pattern = trim(line);
        if (pattern.empty() || line.starts_with('#')) continue;
        try {
            result.patterns.add(pattern);
        } catch (const Error& error) {
            result.diagnostics.push_back(
                {.file = file_name,
                 .line = number,
                 .column = 1,
                 .message = error.what(),
                 .excerpt = std::string{pattern.substr(0, 200)},
                 .hint = error.hint()});
            if (result.diagnostics.size() >= 100) break;
        }
    }
    return result;
}

}  // namespace nacre::source
