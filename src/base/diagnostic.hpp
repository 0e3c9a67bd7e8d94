#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace nacre {

enum class Severity : std::uint8_t { Error, Warning };

/// One finding in a text that a person wrote.
struct Diagnostic {
    Severity severity = Severity::Error;
    std::string code;     ///< stable name of the rule, e.g. "UndefinedVar"; empty for syntax errors
    std::string file;     ///< as the user knows it
    int line = 0;         ///< from 1; 0 when the finding is about the whole file
    int column = 0;       ///< from 1, in bytes; 0 when the finding is about the whole line
    std::string message;  ///< lower case, what is wrong and what was expected
    std::string excerpt;  ///< the line itself, without its end
    std::string hint;     ///< one thing to do about it; may be empty
};

using Diagnostics = std::vector<Diagnostic>;

bool has_errors(const Diagnostics& diagnostics) noexcept;

/// "Dockerfile:3:5: error: message" with the excerpt, a caret under the column, and the hint; one
/// finding after another, each ending in a line feed.
std::string render(const Diagnostics& diagnostics);

}  // namespace nacre
