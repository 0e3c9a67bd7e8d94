#pragma once

#include "base/diagnostic.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace nacre::source {

inline constexpr std::size_t kIgnoreBytesMax = 1U << 20U;
inline constexpr std::size_t kIgnorePatternsMax = 10'000;
inline constexpr std::size_t kIgnorePatternBytesMax = 4096;

/// One pattern of .dockerignore, or of `COPY --exclude`, with the semantics of moby's patternmatcher: '*' and '?'
/// stay within a component, `**` crosses them, `[a-z]` and `[^a-z]` are sets, '\' takes the next byte as it is.
class PathPattern {
public:
    /// Throws Error{InvalidArgument} for a set or an escape that is not closed.
    explicit PathPattern(std::string_view text);

    /// The pattern matches the path itself.
    bool matches(std::string_view path) const;
    /// ... or one of the folders it is in. Linear in path times pattern.
    bool matches_with_parents(std::string_view path) const;

private:
    enum class Kind : std::uint8_t {
        Exact,      ///< literal_ is the path
        Prefix,     ///< literal_ begins it
        Suffix,     ///< literal_ ends it
        Automaton,  ///< tokens_
    };
    enum class Parents : std::uint8_t { Ignore, Count };

    struct Token {
        enum class Kind : std::uint8_t {
            Byte,
            AnyByte,       ///< '?'
            AnyRun,        ///< '*'
            Set,           ///< sets_[index]
            EnterFolders,  ///< `**` in front of something: nothing, or FolderRun
            FolderRun,     ///< any bytes, left after a '/'
            AnyRest,       ///< `**` at the end
        } kind = Kind::Byte;
        char byte = '\0';
        std::size_t index = 0;
    };

    struct Range {
        char first;
        char last;
    };

    struct Set {
        bool negated = false;
        std::vector<Range> ranges;
    };

    void compile(std::string_view text);
    std::size_t compile_set(std::string_view text, std::size_t at);
    void choose_kind(std::string_view text);
    bool run(std::string_view path, Parents parents) const;
    bool run_literal(std::string_view path, Parents parents) const;
    bool step(std::vector<char>& now, std::vector<char>& next, char c) const;
    void close(std::vector<char>& states) const;
    bool set_has(const Set& set, char c) const;

    Kind kind_ = Kind::Automaton;
    std::string literal_;
    std::vector<Token> tokens_;
    std::vector<Set> sets_;
};

/// The patterns of a .dockerignore in their order; the last one that matches decides.
class IgnorePatterns {
public:
    bool empty() const noexcept { return rules_.empty(); }

    /// The path (or a folder it is in) is excluded and not taken back by a later '!'.
    bool excludes(std::string_view path) const;

    /// Some pattern takes paths back: what is below an excluded folder must be looked at.
    bool has_exceptions() const noexcept { return has_exceptions_; }

    /// `text` is one line, trimmed, not empty, no comment. Throws Error{InvalidArgument}.
    void add(std::string_view text);

private:
    struct Rule {
        PathPattern pattern;
        bool exception = false;
    };

    std::vector<Rule> rules_;
    bool has_exceptions_ = false;
};

struct IgnoreFile {
    IgnorePatterns patterns;
    Diagnostics diagnostics;
};

/// Reads .dockerignore text: comments, blanks, a byte order mark, CRLF. Never throws for any text.
IgnoreFile parse_ignore_file(std::string_view text, const std::string& file_name);

}  // namespace nacre::source
