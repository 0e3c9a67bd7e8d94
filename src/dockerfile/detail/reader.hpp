#pragma once

#include "base/diagnostic.hpp"
#include "dockerfile/syntax.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace nacre::dockerfile::detail {

/// Collects findings with their lines. Stops after a fixed number of them.
class Reporter {
public:
    Reporter(std::string file, const std::vector<std::string>& lines)
        : file_{std::move(file)},
          lines_{&lines} {}

    void error(Location at, std::string message, std::string hint = {});
    void warning(Location at, std::string code, std::string message, std::string hint = {});

    Diagnostics take();

private:
    void add(
        Severity severity, Location at, std::string code, std::string message, std::string hint);

    std::string file_;
    const std::vector<std::string>* lines_;
    Diagnostics found_;
    std::size_t left_out_ = 0;
};

/// An instruction's line with its continuation lines joined.
class LogicalLine {
public:
    std::string text;
    std::vector<std::string> comments;  ///< just above it
    int end_line = 0;

    /// Notes that what is appended to `text` from here on stands at `at` in the file.
    void begin_segment(Location at);
    Location locate(std::size_t offset) const;

private:
    struct Segment {
        std::size_t offset = 0;
        Location at;
    };

    std::vector<Segment> segments_;
};

/// Splits a text into logical lines: comments, continuation, byte order mark, CRLF, parser directives.
class Reader {
public:
    /// `lines` must outlive it.
    Reader(const std::vector<std::string>& lines, Reporter& reporter);

    /// Reads the directives at the top of the file.
    Directives read_directives();

    /// The next line with an instruction; nothing at the end.
    std::optional<LogicalLine> next(char escape);

    /// Takes the lines up to the document's end and puts them into it. False when there is no end.
    bool read_document(Heredoc& heredoc);

    int line_number() const noexcept { return static_cast<int>(at_); }

private:
    void apply_directive(
        Directives& directives, std::string_view key, std::string_view value, Location at);
    void apply_check(CheckDirective& check, std::string_view value, Location at);
    void read_continuation(LogicalLine& line, char escape);

    const std::vector<std::string>* lines_;
    Reporter* reporter_;
    std::size_t at_ = 0;  ///< index of the next physical line
};

}  // namespace nacre::dockerfile::detail
