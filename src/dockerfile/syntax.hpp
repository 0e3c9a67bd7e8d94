#pragma once

#include "base/diagnostic.hpp"
#include "base/error.hpp"

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace nacre::dockerfile {

/// Where a piece of the file begins, both from 1, the column in bytes.
struct Location {
    int line = 0;
    int column = 0;

    bool operator==(const Location&) const = default;
};

/// A word as it stands in the file, continuation lines joined: quotes, escapes and `$x` are still in
/// it. expansion.hpp turns it into its value.
struct Word {
    std::string raw;
    Location at;
};

/// `<<NAME ... NAME`.
struct Heredoc {
    std::string name;
    std::string content;  ///< all lines, each with its line feed; tabs removed for `<<-`
    bool expand = true;   ///< the name was not quoted: variables of the content are to be expanded
    bool strip_tabs = false;
    int fd = 0;  ///< the number before `<<`
    Location at;
};

/// What RUN, CMD, ENTRYPOINT and HEALTHCHECK run. Nothing of it is expanded: the shell does that.
struct CommandLine {
    /// JSON form: run as it stands. Otherwise SHELL's words come first and `words` is one text.
    bool exec_form = false;
    std::vector<std::string> words;
    /// RUN only. When the text is nothing but `<<NAME`, its content is the script (executed as a file when
    /// it begins with `#!`); otherwise the shell gets the text, a line feed and the documents.
    std::vector<Heredoc> heredocs;
    /// The text is `<<NAME` alone.
    bool script_only = false;
};

/// What the shell of a shell form gets as its script: the text with its documents put behind it, or the content of
/// the document when the text is nothing else.
std::string shell_text(const CommandLine& command);

enum class NetworkMode : std::uint8_t { Default, None, Host };
enum class SecurityMode : std::uint8_t { Sandbox, Insecure };

/// `--mount=...` of RUN. mount.hpp makes a typed Mount of it; the values of all options but `from` may still
/// hold variables.
struct MountFlag {
    std::string raw;  ///< without "--mount="
    std::string
        source_from;  ///< `from`: a stage, its number, a named context or an image; may be empty
    Location at;
};

struct Run {
    std::vector<MountFlag> mounts;
    NetworkMode network = NetworkMode::Default;
    SecurityMode security = SecurityMode::Sandbox;
    CommandLine command;
};

/// COPY and ADD.
struct Copy {
    bool is_add = false;
    std::optional<Word>
        from;  ///< COPY: a stage name, its number, a named context or an image; never expanded
    std::optional<Word> chown;  ///< "user[:group]", to be expanded
    std::optional<Word> chmod;  ///< octal or symbolic, to be expanded
    bool link = false;
    bool parents = false;
    std::vector<Word> excludes;        ///< patterns as in .dockerignore, to be expanded
    std::optional<Word> checksum;      ///< ADD, to be expanded
    std::optional<bool> keep_git_dir;  ///< ADD
    std::optional<bool> unpack;        ///< ADD: unset means "local archives only"
    std::vector<Word> sources;         ///< to be expanded; without the heredocs
    std::vector<Heredoc> files;        ///< inline files among the sources
    Word destination;                  ///< to be expanded
};

struct KeyValue {
    Word key;
    Word value;
};

/// Both sides are to be expanded, all with the variables from before the instruction.
struct Env {
    std::vector<KeyValue> pairs;
    bool legacy = false;  ///< written `ENV key value`
};

struct Label {
    std::vector<KeyValue> pairs;
    bool legacy = false;  ///< written `LABEL key value`
};

struct ArgItem {
    Word name;
    std::optional<Word> value;  ///< to be expanded
};

/// Items take effect one after another.
struct Arg {
    std::vector<ArgItem> items;
};

struct Workdir {
    Word path;
};

struct User {
    Word user;
};

struct Expose {
    std::vector<Word> ports;  ///< each may expand to several words
};

struct Volume {
    std::vector<Word> paths;
    bool exec_form = false;
};

struct Cmd {
    CommandLine command;
};

struct Entrypoint {
    CommandLine command;
};

struct Shell {
    std::vector<std::string> words;
};

struct Healthcheck {
    bool disabled = false;  ///< HEALTHCHECK NONE
    std::optional<std::chrono::nanoseconds> interval;
    std::optional<std::chrono::nanoseconds> timeout;
    std::optional<std::chrono::nanoseconds> start_period;
    std::optional<std::chrono::nanoseconds> start_interval;
    std::optional<int> retries;
    CommandLine command;
};

struct StopSignal {
    Word signal;
};

struct Maintainer {
    std::string name;
};

struct Instruction;

struct OnBuild {
    std::string text;                            ///< what the image's config keeps
    std::shared_ptr<const Instruction> trigger;  ///< the same, parsed; never null in a parsed tree
};

using Command = std::variant<
    Run,
    Copy,
    Env,
    Label,
    Arg,
    Workdir,
    User,
    Expose,
    Volume,
    Cmd,
    Entrypoint,
    Shell,
    Healthcheck,
    StopSignal,
    OnBuild,
    Maintainer>;

/// One instruction inside a stage, or an ARG before the first FROM.
struct Instruction {
    Location at;
    int end_line = 0;      ///< its last line, documents included
    std::string keyword;   ///< as written
    std::string original;  ///< continuation lines joined, comments left out, with the documents
    /// The comment lines just above it, without '#' and blanks.
    std::vector<std::string> comments;
    Command command;
};

/// FROM and what follows it.
struct Stage {
    Location at;
    std::string keyword;           ///< "FROM" as written
    std::string original;          ///< of the FROM line
    std::optional<Word> platform;  ///< `--platform`, to be expanded with the global arguments
    Word base;                     ///< to be expanded with the global arguments
    std::string name;              ///< after AS, in lower case; empty when it has none
    Word name_word;                ///< as written
    std::string as_keyword;        ///< "AS" as written
    std::vector<std::string> comments;
    std::vector<Instruction> instructions;
};

/// `# check=skip=A,B;error=true`
struct CheckDirective {
    std::vector<std::string> skip;
    bool skip_all = false;
    std::vector<std::string> experimental;
    bool experimental_all = false;
    bool warnings_are_errors = false;
};

struct Directives {
    char escape = '\\';
    std::string syntax;  ///< empty when the file names none
    CheckDirective check;
};

struct Dockerfile {
    std::string file;  ///< as the user knows it
    Directives directives;
    std::vector<Instruction> global_args;  ///< ARG only
    std::vector<Stage> stages;             ///< never empty in a tree without errors
    std::vector<std::string> lines;        ///< the text, for excerpts; without line ends

    /// Line `number` from 1; empty when there is none.
    std::string_view line(int number) const noexcept;
};

/// What `error` says, as a finding at a place of the file.
Diagnostic diagnose(const Dockerfile& file, const Location& at, const Error& error);

/// "RUN", "COPY", "ADD", ... in upper case.
std::string_view keyword_of(const Command& command) noexcept;

/// The stage that `text` names when used in stage `before`'s instructions or FROM: by name (any case), the last
/// one of that name, else by its number from 0 (only if `by_number`). Only stages before `before` count.
enum class StageLookup : std::uint8_t { NameOnly, NameOrNumber };
std::optional<std::size_t> find_stage(
    const std::vector<Stage>& stages, std::string_view text, std::size_t before, StageLookup how);

}  // namespace nacre::dockerfile
