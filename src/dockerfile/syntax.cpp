#include "dockerfile/syntax.hpp"

#include "base/text.hpp"

#include <algorithm>
#include <array>

namespace nacre::dockerfile {

std::string_view Dockerfile::line(int number) const noexcept {
    const auto index = static_cast<std::size_t>(number);
    return number > 0 && index <= lines.size() ? std::string_view{lines[index - 1]}
                                               : std::string_view{};
}

Diagnostic diagnose(const Dockerfile& file, const Location& at, const Error& error) {
    return {
        .file = file.file,
        .line = at.line,
        .column = at.column,
        .message = error.describe(),
        .excerpt = std::string{file.line(at.line)},
        .hint = error.hint()};
}

std::string shell_text(const CommandLine& command) {
    if (command.script_only && !command.heredocs.empty()) return command.heredocs[0].content;
    std::string text = join(command.words, " ");
    for (const Heredoc& heredoc : command.heredocs)
        text += "\n" + heredoc.content + heredoc.name;
    return text;
}

std::string_view keyword_of(const Command& command) noexcept {
    static constexpr std::array<std::string_view, std::variant_size_v<Command>> kNames{
        "RUN",
        "COPY",
        "ENV",
        "LABEL",
        "ARG",
        "WORKDIR",
        "USER",
        "EXPOSE",
        "VOLUME",
        "CMD",
        "ENTRYPOINT",
        "SHELL",
        "HEALTHCHECK",
        "STOPSIGNAL",
        "ONBUILD",
        "MAINTAINER"};
    const Copy* copy = std::get_if<Copy>(&command);
    if (copy != nullptr && copy->is_add) return "ADD";
    return kNames[command.index()];
}

std::optional<std::size_t> find_stage(
    const std::vector<Stage>& stages, std::string_view text, std::size_t before, StageLookup how) {
    const std::size_t end = std::min(before, stages.size());
    for (std::size_t i = end; i-- > 0;) {
        if (!stages[i].name.empty() && equals_ignoring_case(stages[i].name, text)) return i;
    }
    if (how == StageLookup::NameOnly) return std::nullopt;
    const std::optional<std::int64_t> number = parse_integer(text);
    if (!number || *number < 0 || static_cast<std::size_t>(*number) >= end) return std::nullopt;
    return static_cast<std::size_t>(*number);
}

}  // namespace nacre::dockerfile
