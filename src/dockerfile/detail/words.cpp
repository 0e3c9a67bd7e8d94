#include "dockerfile/detail/words.hpp"

#include "base/text.hpp"
#include "dockerfile/expansion.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>

namespace nacre::dockerfile::detail {
namespace {

/// Reads RFC 8259 text as far as arrays of scalars need it.
class JsonScanner {
public:
    explicit JsonScanner(std::string_view text) : text_{text} {}

    JsonList scan() {
        JsonList list;
        skip_blanks();
        if (!take('[')) return list;
        skip_blanks();
        bool strings = true;
        if (!take(']')) {
            do {
                skip_blanks();
                std::string word;
                if (peek() == '"') {
                    if (!scan_string(word)) return {};
                    list.words.push_back(std::move(word));
                } else {
                    if (!scan_scalar()) return {};
                    strings = false;
                }
                skip_blanks();
            } while (take(','));
            if (!take(']')) return {};
        }
        skip_blanks();
        if (at_ != text_.size()) return {};
        list.form = strings ? JsonForm::Strings : JsonForm::NotStrings;
        return list;
    }

private:
    char peek() const noexcept { return at_ < text_.size() ? text_[at_] : '\0'; }

    bool take(char c) noexcept {
        if (at_ >= text_.size() || text_[at_] != c) return false;
        ++at_;
        return true;
    }

    void skip_blanks() noexcept {
        while (at_ < text_.size() && is_blank(text_[at_]))
            ++at_;
    }

    bool scan_scalar() {
        const std::size_t end = std::min(text_.find_first_of(",] \t", at_), text_.size());
        const std::string_view word = text_.substr(at_, end - at_);
        at_ = end;
        if (word == "true" || word == "false" || word == "null") return true;
        double number = 0;
        const auto result = std::from_chars(word.data(), word.data() + word.size(), number);
        return !word.empty() && result.ec == std::errc{} && result.ptr == word.data() + word.size();
    }

    bool scan_string(std::string& out) {
        ++at_;
        while (at_ < text_.size()) {
            const char c = text_[at_++];
            if (c == '"') return true;
            if (static_cast<unsigned char>(c) < 0x20) return false;
            if (c != '\\') {
                out += c;
            } else if (!scan_escape(out)) {
                return false;
            }
        }
        return false;
    }

    bool scan_escape(std::string& out) {
        static constexpr std::string_view kNames = "\"\\/bfnrt";
        static constexpr std::string_view kValues = "\"\\/\b\f\n\r\t";
        if (at_ >= text_.size()) return false;
        const char c = text_[at_++];
        const std::size_t index = kNames.find(c);
        if (index != std::string_view::npos) {
            out += kValues[index];
            return true;
        }
        return c == 'u' && scan_unicode(out);
    }

    std::optional<std::uint32_t> scan_hex() {
        std::uint32_t value = 0;
        if (text_.size() - at_ < 4) return std::nullopt;
        const char* begin = text_.data() + at_;
        const auto result = std::from_chars(begin, begin + 4, value, 16);
        if (result.ec != std::errc{} || result.ptr != begin + 4) return std::nullopt;
        at_ += 4;
        return value;
    }

    bool scan_unicode(std::string& out) {
        std::optional<std::uint32_t> code = scan_hex();
        if (!code) return false;
        const bool leads = *code >= 0xD800 && *code < 0xDC00;
        if (leads && text_.substr(at_, 2) == "\\u") {
            at_ += 2;
            const std::optional<std::uint32_t> low = scan_hex();
            if (!low) return false;
            const bool trails = *low >= 0xDC00 && *low < 0xE000;
            code = trails ? 0x10000 + ((*code - 0xD800) << 10U) + (*low - 0xDC00) : 0xFFFD;
        } else if (*code >= 0xD800 && *code < 0xE000) {
            code = 0xFFFD;
        }
        append_utf8(out, *code);
        return true;
    }

    static void append_utf8(std::string& out, std::uint32_t code) {
        const auto tail = [&](unsigned shift) {
            out += static_cast<char>(0x80U | ((code >> shift) & 0x3FU));
        };
        if (code < 0x80) {
            out += static_cast<char>(code);
        } else if (code < 0x800) {
            out += static_cast<char>(0xC0U | (code >> 6U));
            tail(0);
        } else if (code < 0x10000) {
            out += static_cast<char>(0xE0U | (code >> 12U));
            tail(6);
            tail(0);
        } else {
            out += static_cast<char>(0xF0U | (code >> 18U));
            tail(12);
            tail(6);
            tail(0);
        }
    }

    std::string_view text_;
    std::size_t at_ = 0;
};

/// The end of the `${...}` that begins at `at`; of the "$" alone when it is none.
std::size_t skip_braces(std::string_view text, std::size_t at) {
    if (at + 1 >= text.size() || text[at + 1] != '{') return at + 1;
    const std::size_t end = text.find('}', at);
    return end == std::string_view::npos ? text.size() : end + 1;
}

}  // namespace

Piece trimmed(std::string_view text, std::size_t begin) {
    std::size_t end = text.size();
    while (begin < end && is_blank(text[begin]))
        ++begin;
    while (end > begin && is_blank(text[end - 1]))
        --end;
    return {std::string{text.substr(begin, end - begin)}, begin};
}

std::vector<Piece> split_blanks(const Piece& rest) {
    std::vector<Piece> words;
    const std::string& text = rest.text;
    for (std::size_t at = 0; at < text.size();) {
        if (is_blank(text[at])) {
            ++at;
            continue;
        }
        const std::size_t start = at;
        while (at < text.size() && !is_blank(text[at]))
            ++at;
        words.push_back({text.substr(start, at - start), rest.offset + start});
    }
    return words;
}

std::vector<Piece> split_quoted(const Piece& rest, char escape) {
    std::vector<Piece> words;
    const std::string& text = rest.text;
    char quote = '\0';
    bool in_word = false;
    for (std::size_t at = 0; at < text.size(); ++at) {
        const char c = text[at];
        if (quote == '\0' && is_blank(c)) {
            in_word = false;
            continue;
        }
        if (!in_word) words.push_back({"", rest.offset + at});
        in_word = true;
        if (c == escape && quote != '\'') {
            // An escape character that ends the text escapes nothing and is dropped.
            if (at + 1 == text.size()) break;
            words.back().text += c;
            words.back().text += text[++at];
            continue;
        }
        if (quote == '\0' && (c == '\'' || c == '"')) {
            quote = c;
        } else if (c == quote) {
            quote = '\0';
        }
        words.back().text += c;
    }
    return words;
}

std::vector<Piece> split_shell(std::string_view text, char escape) {
    std::vector<Piece> words;
    char quote = '\0';
    bool in_word = false;
    for (std::size_t at = 0; at < text.size();) {
        const char c = text[at];
        if (quote == '\0' && is_blank(c)) {
            in_word = false;
            ++at;
            continue;
        }
        if (!in_word) words.push_back({"", at});
        in_word = true;
        std::size_t end = at + 1;
        if (c == escape && quote != '\'') {
            end = std::min(at + 2, text.size());
        } else if (c == '$' && quote != '\'') {
            end = skip_braces(text, at);
        } else if (quote == '\0' && (c == '\'' || c == '"')) {
            quote = c;
        } else if (c == quote) {
            quote = '\0';
        }
        words.back().text += text.substr(at, end - at);
        at = end;
    }
    return words;
}

/// The word at `at`, without its quotes and backslashes; `at` is behind it then.
std::string read_flag(std::string_view text, std::size_t& at) {
    std::string word;
    char quote = '\0';
    for (; at < text.size() && (quote != '\0' || !is_blank(text[at])); ++at) {
        const char c = text[at];
        if (c == '\\') {
            if (at + 1 < text.size()) word += text[++at];
        } else if (quote == '\0' && (c == '\'' || c == '"')) {
            quote = c;
        } else if (c == quote) {
            quote = '\0';
        } else {
            word += c;
        }
    }
    return word;
}

Flags split_flags(const Piece& arguments) {
    Flags flags;
    const std::string& text = arguments.text;
    std::size_t at = 0;
    while (true) {
        while (at < text.size() && is_blank(text[at]))
            ++at;
        if (text.compare(at, 2, "--") != 0) break;
        Piece word{"", arguments.offset + at};
        word.text = read_flag(text, at);
        if (word.text == "--") break;
        flags.words.push_back(std::move(word));
    }
    flags.rest = trimmed(text, at);
    flags.rest.offset += arguments.offset;
    return flags;
}

JsonList parse_json_list(std::string_view text) {
    return JsonScanner{text}.scan();
}

std::optional<Heredoc> parse_heredoc_word(std::string_view word) {
    std::size_t at = 0;
    while (at < word.size() && word[at] >= '0' && word[at] <= '9')
        ++at;
    const std::string_view number = word.substr(0, at);
    if (word.substr(at, 2) != "<<") return std::nullopt;
    at += 2;
    Heredoc heredoc;
    heredoc.strip_tabs = at < word.size() && word[at] == '-';
    if (heredoc.strip_tabs) ++at;
    const std::string_view name = word.substr(at);
    if (name.empty() || name.find('<') != std::string_view::npos) return std::nullopt;
    const std::optional<std::int64_t> fd = number.empty() ? 0 : parse_integer(number);
    if (!fd || *fd > std::numeric_limits<int>::max()) return std::nullopt;
    heredoc.fd = static_cast<int>(*fd);
    // Quotes and escapes are taken away; variables stay as they are.
    for (std::size_t i = 0; i < name.size(); ++i) {
        if (name[i] == '\\' && i + 1 < name.size()) {
            heredoc.name += name[++i];
        } else if (name[i] != '\'' && name[i] != '"') {
            heredoc.name += name[i];
        }
    }
    heredoc.expand = heredoc.name == name;
    if (heredoc.name.empty()) return std::nullopt;
    return heredoc;
}

std::optional<std::chrono::nanoseconds> parse_duration(std::string_view text) {
    struct Unit {
        std::string_view name;
        double nanoseconds;
    };

    static constexpr std::array<Unit, 8> kUnits{
        {{"ns", 1.0},
         {"us", 1e3},
         {"\xC2\xB5s", 1e3},
         {"\xCE\xBCs", 1e3},
         {"ms", 1e6},
         {"s", 1e9},
         {"m", 6e10},
         {"h", 3.6e12}}};
    constexpr double kLargest = 9.2e18;
    if (text == "0") return std::chrono::nanoseconds{0};
    if (text.empty()) return std::nullopt;
    double total = 0;
    while (!text.empty()) {
        const std::size_t digits = std::min(text.find_first_not_of("0123456789."), text.size());
        double amount = 0;
        const auto result = std::from_chars(text.data(), text.data() + digits, amount);
        if (digits == 0 || result.ec != std::errc{} || result.ptr != text.data() + digits)
            return std::nullopt;
        text.remove_prefix(digits);
        const std::size_t length = std::min(text.find_first_of("0123456789."), text.size());
        const auto unit = std::ranges::find(kUnits, text.substr(0, length), &Unit::name);
        if (unit == kUnits.end()) return std::nullopt;
        text.remove_prefix(length);
        total += amount * unit->nanoseconds;
        if (total > kLargest) return std::nullopt;
    }
    return std::chrono::nanoseconds{static_cast<std::int64_t>(total)};
}

std::optional<bool> parse_bool(std::string_view text) {
    for (const std::string_view word : {"1", "t", "T", "true", "TRUE", "True"}) {
        if (text == word) return true;
    }
    for (const std::string_view word : {"0", "f", "F", "false", "FALSE", "False"}) {
        if (text == word) return false;
    }
    return std::nullopt;
}

}  // namespace nacre::dockerfile::detail
