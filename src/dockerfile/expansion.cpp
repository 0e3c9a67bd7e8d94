#include "dockerfile/expansion.hpp"

#include "base/error.hpp"
#include "base/text.hpp"
#include "dockerfile/detail/pattern.hpp"
#include "dockerfile/detail/words.hpp"

#include <algorithm>

namespace nacre::dockerfile {
namespace {

constexpr std::size_t kLookupBytesMax = 16 * kExpansionBytesMax;

bool is_name_start(char c) noexcept {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

bool is_digit(char c) noexcept {
    return c >= '0' && c <= '9';
}

/// One pass over the raw word. A nested word (`w` of `${x:-w}`) is scanned by the same functions, one level deeper.
class Expander {
public:
    Expander(std::string_view raw, const VariableLookup& lookup, const ExpansionOptions& options)
        : raw_{raw},
          lookup_{&lookup},
          options_{options} {}

    Expansion run() {
        result_.text = scan_until('\0', Escapes::Remove, 0);
        return std::move(result_);
    }

private:
    /// In the pattern of `${x#p}` the escape character stays: the pattern needs it.
    enum class Escapes : std::uint8_t { Remove, Keep };

    [[noreturn]] void fail(const std::string& message) const {
        throw Error{ErrorCode::InvalidArgument, message + " in " + quoted(raw_)};
    }

    bool at_end() const noexcept { return at_ >= raw_.size(); }

    char peek() const noexcept { return at_end() ? '\0' : raw_[at_]; }

    void bound(const std::string& text) const {
        if (text.size() <= kExpansionBytesMax) return;
        throw Error{
            ErrorCode::ResourceExhausted,
            "the value of " + quoted(raw_, 60) + " is longer than "
                + std::to_string(kExpansionBytesMax) + " bytes"};
    }

    void end_word() {
        if (in_word_) result_.words.push_back(std::move(word_));
        word_.clear();
        in_word_ = false;
    }

    /// Text that blanks split into words.
    void add_splitting(std::string_view text) {
        for (const char c : text) {
            if (detail::is_blank(c)) {
                end_word();
            } else {
                word_ += c;
                in_word_ = true;
            }
        }
    }

    /// Quoted or escaped text.
    void add_whole(std::string_view text) {
        word_ += text;
        in_word_ = true;
    }

    std::string scan_until(char stop, Escapes escapes, std::size_t depth) {
        if (depth > kExpansionDepthMax) {
            throw Error{
                ErrorCode::ResourceExhausted,
                "substitutions are nested deeper than " + std::to_string(kExpansionDepthMax)
                    + " levels"};
        }
        std::string text;
        while (!at_end()) {
            const char c = raw_[at_];
            if (stop != '\0' && c == stop) {
                ++at_;
                if (depth == 0) end_word();
                return text;
            }
            if (c == options_.escape) {
                scan_escape(text, escapes, depth);
            } else {
                scan_piece(text, depth);
            }
            bound(text);
        }
        if (stop != '\0') fail(std::string{"missing '"} + stop + "'");
        end_word();
        return text;
    }

    /// A variable, a quoted text or a character.
    void scan_piece(std::string& text, std::size_t depth) {
        const char c = raw_[at_];
        if (c == '$') {
            const std::string value = scan_dollar(depth);
            text += value;
            if (depth == 0) add_splitting(value);
        } else if (options_.quotes == Quotes::Remove && (c == '\'' || c == '"')) {
            const std::string value = c == '"' ? scan_double_quotes(depth) : scan_single_quotes();
            text += value;
            if (depth == 0) add_whole(value);
        } else {
            ++at_;
            text += c;
            if (depth == 0) add_splitting({&c, 1});
        }
    }

    void scan_escape(std::string& text, Escapes escapes, std::size_t depth) {
        ++at_;
        std::string piece;
        // Patterns are written with '\', whatever the escape character of the file is.
        if (escapes == Escapes::Keep) piece += '\\';
        if (!at_end()) piece += raw_[at_++];
        text += piece;
        if (depth == 0 && !piece.empty()) add_whole(piece);
    }

    std::string scan_single_quotes() {
        const std::size_t end = raw_.find('\'', at_ + 1);
        if (end == std::string_view::npos) fail("missing closing single quote");
        std::string text{raw_.substr(at_ + 1, end - at_ - 1)};
        at_ = end + 1;
        return text;
    }

    std::string scan_double_quotes(std::size_t depth) {
        ++at_;
        std::string text;
        while (!at_end()) {
            const char c = raw_[at_];
            if (c == '"') {
                ++at_;
                return text;
            }
            if (c == '$') {
                text += scan_dollar(depth);
                bound(text);
                continue;
            }
            ++at_;
            if (c == options_.escape) {
                // Only these can be escaped in double quotes; before others the character stays.
                const char next = peek();
                if (at_end()) break;
                if (next == '"' || next == '$' || next == options_.escape) {
                    text += next;
                    ++at_;
                    continue;
                }
            }
            text += c;
        }
        fail("missing closing double quote");
    }

    std::string scan_name() {
        const std::size_t start = at_;
        if (is_name_start(peek())) {
            while (is_name_start(peek()) || is_digit(peek()))
                ++at_;
        } else if (is_digit(peek())) {
            while (is_digit(peek()))
                ++at_;
        } else if (
            !at_end() && std::string_view{"@*#?-$!"}.find(peek()) != std::string_view::npos) {
            ++at_;
        }
        return std::string{raw_.substr(start, at_ - start)};
    }

    std::optional<std::string> ask(const std::string& name) {
        std::optional<std::string> value = (*lookup_)(name);
        if (!value) return value;
        result_.used.insert(name);
        // Values that are thrown away again (`${x:+$big}`) cost time too.
        looked_up_ += value->size();
        if (looked_up_ > kLookupBytesMax) {
            throw Error{
                ErrorCode::ResourceExhausted,
                "the variables in " + quoted(raw_, 60) + " are longer than "
                    + std::to_string(kLookupBytesMax) + " bytes together"};
        }
        return value;
    }

    std::string plain_value(const std::string& name) {
        std::optional<std::string> value = ask(name);
        if (!value) result_.unset.insert(name);
        return std::move(value).value_or("");
    }

    std::string scan_dollar(std::size_t depth) {
        ++at_;
        if (peek() != '{') {
            const std::string name = scan_name();
            return name.empty() ? "$" : plain_value(name);
        }
        ++at_;
        if (at_end()) fail("missing '}'");
        const std::string name = scan_name();
        if (name.empty()) fail("bad substitution: needed a variable name after '${'");
        if (at_end()) fail("missing '}'");
        return scan_modifier(name, depth);
    }

    std::string scan_modifier(const std::string& name, std::size_t depth) {
        char modifier = raw_[at_++];
        if (modifier == '}') return plain_value(name);
        const bool empty_is_unset = modifier == ':';
        if (empty_is_unset) {
            if (at_end()) fail("missing '}'");
            modifier = raw_[at_++];
        }
        if (modifier == '-' || modifier == '+' || modifier == '?')
            return substitute(name, modifier, empty_is_unset, depth);
        if (!empty_is_unset && (modifier == '#' || modifier == '%'))
            return strip(name, modifier, depth);
        if (!empty_is_unset && modifier == '/') return replace(name, depth);
        fail(
            "unsupported modifier '" + std::string{empty_is_unset ? ":" : ""} + modifier
            + "' of variable '" + name + "'");
    }

    std::string substitute(
        const std::string& name, char modifier, bool empty_is_unset, std::size_t depth) {
        std::string word = scan_until('}', Escapes::Remove, depth + 1);
        std::optional<std::string> value = ask(name);
        const bool present = value && !(empty_is_unset && value->empty());
        if (modifier == '+') return present ? word : "";
        if (present) return *value;
        if (modifier == '-') return word;
        if (word.empty()) word = value ? "must not be empty" : "must be set";
        throw Error{ErrorCode::InvalidArgument, "variable '" + name + "' is missing: " + word}
            .with_hint("give it with --build-arg " + name + "=VALUE, or set it with ENV or ARG");
    }

    std::string strip(const std::string& name, char modifier, std::size_t depth) {
        const bool longest = peek() == modifier;
        if (longest) ++at_;
        const std::string pattern = scan_until('}', Escapes::Keep, depth + 1);
        const auto reach = longest ? detail::Reach::Longest : detail::Reach::Shortest;
        const std::string value = plain_value(name);
        return modifier == '#' ? detail::remove_prefix(value, pattern, reach, work_)
                               : detail::remove_suffix(value, pattern, reach, work_);
    }

    std::string replace(const std::string& name, std::size_t depth) {
        const bool all = peek() == '/';
        if (all) ++at_;
        const std::string pattern = scan_until('/', Escapes::Keep, depth + 1);
        const std::string replacement = scan_until('}', Escapes::Remove, depth + 1);
        const auto count = all ? detail::Count::All : detail::Count::First;
        return detail::replace_matches(plain_value(name), {pattern, replacement, count}, work_);
    }

    std::string_view raw_;
    const VariableLookup* lookup_;
    ExpansionOptions options_;
    std::size_t at_ = 0;
    Expansion result_;
    std::string word_;
    bool in_word_ = false;
    detail::PatternWork work_;
    std::size_t looked_up_ = 0;
};

}  // namespace

Variables::Variables(const std::vector<std::pair<std::string, std::string>>& items) {
    for (const auto& [name, value] : items)
        set(name, value);
}

std::optional<std::string> Variables::find(std::string_view name) const {
    const auto found = index_.find(name);
    if (found == index_.end()) return std::nullopt;
    return items_[found->second].second;
}

void Variables::set(std::string_view name, std::string value) {
    const auto [place, added] = index_.try_emplace(std::string{name}, items_.size());
    if (added) {
        items_.emplace_back(name, std::move(value));
    } else {
        items_[place->second].second = std::move(value);
    }
}

void Variables::erase(std::string_view name) {
    const auto found = index_.find(name);
    if (found == index_.end()) return;
    const std::size_t place = found->second;
    items_.erase(items_.begin() + static_cast<std::ptrdiff_t>(place));
    index_.erase(found);
    for (auto& [other, position] : index_) {
        if (position > place) --position;
    }
}

Variables variables_of(const std::vector<std::string>& env) {
    Variables variables;
    for (const std::string& entry : env) {
        const std::size_t equals = entry.find('=');
        if (equals != std::string::npos)
            variables.set(entry.substr(0, equals), entry.substr(equals + 1));
    }
    return variables;
}

Expansion expand(
    std::string_view raw, const VariableLookup& lookup, const ExpansionOptions& options) {
    return Expander{raw, lookup, options}.run();
}

std::string expand_text(
    std::string_view raw, const VariableLookup& lookup, const ExpansionOptions& options) {
    return expand(raw, lookup, options).text;
}

}  // namespace nacre::dockerfile
