#pragma once

#include "dockerfile/syntax.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace nacre::dockerfile::detail {

/// A piece of a logical line and where it begins in it.
struct Piece {
    std::string text;
    std::size_t offset = 0;
};

/// Blanks between the words of one line; line feeds count in the text of ONBUILD triggers.
constexpr bool is_blank(char c) noexcept {
    return c == ' ' || c == '\t' || c == '\v' || c == '\f' || c == '\r' || c == '\n';
}

/// The part of `text` from `begin` without blanks at both ends.
Piece trimmed(std::string_view text, std::size_t begin);

/// Runs of characters other than blanks: quotes mean nothing (FROM, COPY, EXPOSE, VOLUME).
std::vector<Piece> split_blanks(const Piece& rest);

/// Words of ENV, LABEL and ARG: blanks in quotes or after the escape character do not split; quotes and escapes
/// stay in the words.
std::vector<Piece> split_quoted(const Piece& rest, char escape);

/// Words as a shell would see them, raw, `${...}` kept whole; for finding `<<NAME`.
std::vector<Piece> split_shell(std::string_view text, char escape);

struct Flags {
    std::vector<Piece> words;  ///< "--name=value" with quotes and backslashes taken away
    Piece rest;                ///< trimmed
};

/// The words that begin with "--" at the front of the arguments; "--" alone ends them.
Flags split_flags(const Piece& arguments);

enum class JsonForm : std::uint8_t {
    NotJson,     ///< take it as text
    NotStrings,  ///< an array, but not of strings
    Strings
};

struct JsonList {
    JsonForm form = JsonForm::NotJson;
    std::vector<std::string> words;
};

/// The exec form: a JSON array of strings and nothing behind it.
JsonList parse_json_list(std::string_view text);

/// `<<NAME`, `3<<-"NAME"`; nothing for another word. The content is still empty.
std::optional<Heredoc> parse_heredoc_word(std::string_view word);

/// "1h2m3.5s" as Go writes durations; nothing when it is not one or does not fit.
std::optional<std::chrono::nanoseconds> parse_duration(std::string_view text);

/// true/false as Go's ParseBool reads them.
std::optional<bool> parse_bool(std::string_view text);

}  // namespace nacre::dockerfile::detail
