#include "dockerfile/detail/instruction_parser.hpp"

#include "base/text.hpp"
#include "dockerfile/parser.hpp"

#include <algorithm>
#include <limits>

namespace nacre::dockerfile::detail {
namespace {

constexpr std::size_t kHintWordBytesMax = 64;

const std::vector<std::string>& keywords() {
    // The common ones first: of two that are equally near to a misspelt word the first is suggested.
    static const std::vector<std::string> kNames{
        "RUN",
        "COPY",
        "FROM",
        "ENV",
        "ADD",
        "ARG",
        "CMD",
        "ENTRYPOINT",
        "LABEL",
        "USER",
        "WORKDIR",
        "EXPOSE",
        "VOLUME",
        "ONBUILD",
        "HEALTHCHECK",
        "SHELL",
        "STOPSIGNAL",
        "MAINTAINER"};
    return kNames;
}

std::string nearest_hint(std::string_view word, const std::vector<std::string>& candidates) {
    if (word.size() > kHintWordBytesMax) return {};
    const std::optional<std::string> best = nearest(word, candidates);
    return best ? "did you mean '" + *best + "'?" : std::string{};
}

bool takes_documents(std::string_view name, std::string_view arguments) {
    if (name == "ONBUILD") {
        const auto blank = std::ranges::find_if(arguments, is_blank);
        const auto length = static_cast<std::size_t>(blank - arguments.begin());
        const std::string inner = to_upper(arguments.substr(0, length));
        return inner != "ONBUILD" && takes_documents(inner, {});
    }
    return name == "RUN" || name == "COPY" || name == "ADD";
}

bool is_stage_name(std::string_view name) {
    const auto is_letter = [](char c) { return c >= 'a' && c <= 'z'; };
    const auto is_inner = [&](char c) {
        return is_letter(c) || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
    };
    return !name.empty() && is_letter(name[0]) && std::ranges::all_of(name, is_inner);
}

/// Where the value of a flag `--name=value` begins in its word.
std::size_t value_offset(std::string_view word) {
    const std::size_t equals = word.find('=');
    return equals == std::string_view::npos ? 0 : equals + 1;
}

}  // namespace

void InstructionParser::error(
    const RawInstruction& raw, std::size_t offset, std::string message, std::string hint) {
    reporter_->error(raw.line.locate(offset), std::move(message), std::move(hint));
}

Word InstructionParser::word(const RawInstruction& raw, const Piece& piece) const {
    return {piece.text, raw.line.locate(piece.offset)};
}

Word InstructionParser::flag_word(const RawInstruction& raw, const FlagValue& flag) const {
    return {
        flag.value.value_or(""), raw.line.locate(flag.word.offset + value_offset(flag.word.text))};
}

RawInstruction InstructionParser::cut(LogicalLine line, Reader* reader) {
    RawInstruction raw;
    raw.line = std::move(line);
    const std::string& text = raw.line.text;
    const Piece whole = trimmed(text, 0);
    const std::size_t length =
        static_cast<std::size_t>(std::ranges::find_if(whole.text, is_blank) - whole.text.begin());
    raw.keyword = {whole.text.substr(0, length), whole.offset};
    raw.name = to_upper(raw.keyword.text);
    raw.arguments = trimmed(text, whole.offset + length);
    if (takes_documents(raw.name, raw.arguments.text)) {
        if (reader != nullptr) {
            read_documents(raw, *reader);
        } else {
            take_documents_of_trigger(raw);
        }
    }
    raw.flags = split_flags(raw.arguments);
    return raw;
}

void InstructionParser::read_documents(RawInstruction& raw, Reader& reader) {
    const std::string& text = raw.arguments.text;
    if (text.find("<<") == std::string::npos) return;
    if (parse_json_list(split_flags(raw.arguments).rest.text).form == JsonForm::Strings) return;
    for (const Piece& piece : split_shell(text, escape_)) {
        std::optional<Heredoc> heredoc = parse_heredoc_word(piece.text);
        if (!heredoc) continue;
        const std::size_t offset = raw.arguments.offset + piece.offset;
        heredoc->at = raw.line.locate(offset);
        if (raw.heredocs.size() >= kHeredocsPerInstructionMax) {
            error(
                raw,
                offset,
                "too many here documents in one instruction: needed at most "
                    + std::to_string(kHeredocsPerInstructionMax));
            return;
        }
        const bool ended = reader.read_document(*heredoc);
        raw.line.end_line = reader.line_number();
        if (!ended) {
            error(
                raw,
                offset,
                "the here document is not closed: needed a line " + quoted(heredoc->name),
                "put " + quoted(heredoc->name) + " alone on a line, without blanks around it");
        }
        raw.heredocs.push_back(std::move(*heredoc));
    }
}

void InstructionParser::take_documents_of_trigger(RawInstruction& raw) {
    const std::size_t line_end = raw.arguments.text.find('\n');
    if (line_end == std::string::npos || raw.arguments.text.find("<<") > line_end) return;
    const std::string head = raw.arguments.text.substr(0, line_end);
    std::string_view rest = std::string_view{raw.arguments.text}.substr(line_end + 1);
    for (const Piece& piece : split_shell(head, '\\')) {
        std::optional<Heredoc> heredoc = parse_heredoc_word(piece.text);
        if (!heredoc) continue;
        while (!rest.empty()) {
            const std::size_t end = std::min(rest.find('\n'), rest.size() - 1);
            const std::string_view line = rest.substr(0, end + 1);
            rest.remove_prefix(end + 1);
            if (trim(line) == heredoc->name) break;
            heredoc->content += line;
        }
        raw.heredocs.push_back(std::move(*heredoc));
    }
    if (!raw.heredocs.empty()) raw.arguments.text = head;
}

std::optional<Instruction> InstructionParser::parse(const RawInstruction& raw) {
    std::optional<Command> command = parse_command(raw);
    if (!command) return std::nullopt;
    Instruction instruction;
    instruction.at = raw.line.locate(raw.keyword.offset);
    instruction.end_line = raw.line.end_line;
    instruction.keyword = raw.keyword.text;
    instruction.original = trimmed(raw.line.text, 0).text;
    for (const Heredoc& heredoc : raw.heredocs)
        instruction.original += "\n" + heredoc.content + heredoc.name;
    instruction.comments = raw.line.comments;
    instruction.command = std::move(*command);
    return instruction;
}

std::optional<Command> InstructionParser::parse_command(const RawInstruction& raw) {
    const std::string_view name = raw.name;
    if (name == "RUN") return parse_run(raw);
    if (name == "COPY" || name == "ADD") return parse_copy(raw);
    if (name == "HEALTHCHECK") return parse_healthcheck(raw);
    if (std::ranges::find(keywords(), name) == keywords().end()) {
        error(
            raw,
            raw.keyword.offset,
            "unknown instruction " + quoted(raw.keyword.text, kHintWordBytesMax)
                + ", needed one of FROM, RUN, COPY, ADD, ENV, ARG, LABEL, ...",
            nearest_hint(name, keywords()));
        return std::nullopt;
    }
    if (name == "ONBUILD") return parse_onbuild(raw);
    refuse_flags(raw);
    if (name == "ENV") {
        Env env;
        env.pairs = parse_pairs(raw, env.legacy);
        return env;
    }
    if (name == "LABEL") {
        Label label;
        label.pairs = parse_pairs(raw, label.legacy);
        return label;
    }
    if (name == "ARG") return parse_arg(raw);
    if (name == "EXPOSE") return parse_expose(raw);
    if (name == "VOLUME") return parse_volume(raw);
    if (name == "SHELL") return parse_shell(raw);
    if (name == "CMD") return Cmd{parse_command_line(raw, raw.flags.rest)};
    if (name == "ENTRYPOINT") return Entrypoint{parse_command_line(raw, raw.flags.rest)};
    return parse_single_word(raw);
}

std::optional<Command> InstructionParser::parse_single_word(const RawInstruction& raw) {
    const Piece& rest = raw.flags.rest;
    if (rest.text.empty())
        error(raw, raw.keyword.offset, raw.name + " has no argument, needed exactly one");
    const Word value = word(raw, rest);
    if (raw.name == "WORKDIR") return Workdir{value};
    if (raw.name == "USER") return User{value};
    if (raw.name == "STOPSIGNAL") return StopSignal{value};
    return Maintainer{rest.text};
}

std::vector<InstructionParser::FlagValue> InstructionParser::parse_flags(
    const RawInstruction& raw, const std::vector<std::string>& known) {
    std::vector<FlagValue> flags;
    std::vector<std::string> seen;
    for (const Piece& piece : raw.flags.words) {
        const std::size_t equals = piece.text.find('=');
        FlagValue flag{piece.text.substr(0, equals), std::nullopt, piece};
        if (equals != std::string::npos) flag.value = piece.text.substr(equals + 1);
        if (std::ranges::find(known, flag.name) == known.end()) {
            const std::string needed = known.empty() ? "none" : join(known, ", ");
            error(
                raw,
                piece.offset,
                "unknown flag " + quoted(flag.name) + " for " + raw.name + ", needed one of "
                    + needed,
                nearest_hint(flag.name, known));
            continue;
        }
        const bool repeatable = flag.name == "--mount" || flag.name == "--exclude";
        if (!repeatable && std::ranges::find(seen, flag.name) != seen.end()) {
            error(raw, piece.offset, "flag " + quoted(flag.name) + " is given twice");
            continue;
        }
        seen.push_back(flag.name);
        const bool boolean = flag.name == "--link" || flag.name == "--parents"
                             || flag.name == "--keep-git-dir" || flag.name == "--unpack";
        if (!boolean && (!flag.value || flag.value->empty())) {
            error(
                raw,
                piece.offset,
                "flag " + quoted(flag.name) + " has no value, needed '" + flag.name + "=VALUE'");
            continue;
        }
        flags.push_back(std::move(flag));
    }
    return flags;
}

void InstructionParser::refuse_flags(const RawInstruction& raw) {
    for (const Piece& piece : raw.flags.words) {
        error(
            raw,
            piece.offset,
            raw.name + " takes no flags, found " + quoted(piece.text),
            raw.name == "CMD" || raw.name == "ENTRYPOINT"
                ? "write the command in JSON form: [\"--flag\", ...]"
                : "");
    }
}

CommandLine InstructionParser::parse_command_line(const RawInstruction& raw, const Piece& text) {
    CommandLine line;
    JsonList list = parse_json_list(text.text);
    if (list.form == JsonForm::NotStrings) {
        error(
            raw,
            text.offset,
            "the JSON array of " + raw.name + " has something other than strings",
            "put every element into double quotes");
    } else if (list.form == JsonForm::Strings) {
        line.exec_form = true;
        line.words = std::move(list.words);
    } else if (!text.text.empty()) {
        line.words.push_back(text.text);
    }
    return line;
}

Run InstructionParser::parse_run(const RawInstruction& raw) {
    Run run;
    for (const FlagValue& flag : parse_flags(raw, {"--mount", "--network", "--security"}))
        apply_run_flag(run, raw, flag);
    run.command = parse_command_line(raw, raw.flags.rest);
    if (run.command.words.empty()) {
        error(raw, raw.keyword.offset, "RUN has no command, needed at least one word");
    }
    run.command.heredocs = raw.heredocs;
    run.command.script_only =
        raw.heredocs.size() == 1 && parse_heredoc_word(raw.flags.rest.text).has_value();
    return run;
}

Expose InstructionParser::parse_expose(const RawInstruction& raw) {
    Expose expose;
    for (const Piece& piece : split_blanks(raw.flags.rest))
        expose.ports.push_back(word(raw, piece));
    if (expose.ports.empty())
        error(raw, raw.keyword.offset, "EXPOSE has no port, needed at least one such as '80/tcp'");
    return expose;
}

std::vector<Piece> InstructionParser::parse_list(const RawInstruction& raw, bool& exec_form) {
    const Piece& rest = raw.flags.rest;
    JsonList list = parse_json_list(rest.text);
    exec_form = list.form != JsonForm::NotJson;
    if (list.form == JsonForm::NotJson) return split_blanks(rest);
    if (list.form == JsonForm::NotStrings) {
        error(
            raw,
            rest.offset,
            "the JSON array of " + raw.name + " has something other than strings",
            "put every element into double quotes");
    }
    std::vector<Piece> words;
    for (std::string& text : list.words)
        words.push_back({std::move(text), rest.offset});
    return words;
}

Volume InstructionParser::parse_volume(const RawInstruction& raw) {
    Volume volume;
    for (const Piece& piece : parse_list(raw, volume.exec_form)) {
        if (trim(piece.text).empty()) error(raw, piece.offset, "a path of VOLUME is empty");
        volume.paths.push_back(word(raw, piece));
    }
    if (volume.paths.empty())
        error(raw, raw.keyword.offset, "VOLUME has no path, needed at least one");
    return volume;
}

Shell InstructionParser::parse_shell(const RawInstruction& raw) {
    JsonList list = parse_json_list(raw.flags.rest.text);
    if (list.form != JsonForm::Strings || list.words.empty()) {
        error(
            raw,
            raw.flags.rest.offset,
            "the arguments of SHELL are " + quoted(raw.flags.rest.text)
                + ", needed a JSON array of strings",
            "for example SHELL [\"/bin/bash\", \"-c\"]");
    }
    return {std::move(list.words)};
}

std::vector<KeyValue> InstructionParser::parse_pairs(const RawInstruction& raw, bool& legacy) {
    const Piece& rest = raw.flags.rest;
    const std::vector<Piece> words = split_quoted(rest, escape_);
    std::vector<KeyValue> pairs;
    if (words.empty()) {
        error(raw, raw.keyword.offset, raw.name + " has no argument, needed 'name=value'");
        return pairs;
    }
    legacy = words[0].text.find('=') == std::string::npos;
    if (legacy) {
        const auto blank = std::ranges::find_if(rest.text, is_blank);
        const auto length = static_cast<std::size_t>(blank - rest.text.begin());
        Piece value = trimmed(rest.text, length);
        value.offset += rest.offset;
        if (value.text.empty()) {
            error(
                raw,
                rest.offset,
                raw.name + " " + quoted(rest.text) + " has no value, needed 'name=value'");
        }
        pairs.push_back({word(raw, {rest.text.substr(0, length), rest.offset}), word(raw, value)});
        return pairs;
    }
    for (const Piece& piece : words) {
        const std::size_t equals = piece.text.find('=');
        if (equals == std::string::npos) {
            error(
                raw,
                piece.offset,
                quoted(piece.text) + " has no '=', needed 'name=value'",
                "put a value with blanks into double quotes");
            continue;
        }
        if (equals == 0) error(raw, piece.offset, "a name of " + raw.name + " is empty");
        pairs.push_back(
            {word(raw, {piece.text.substr(0, equals), piece.offset}),
             word(raw, {piece.text.substr(equals + 1), piece.offset + equals + 1})});
    }
    return pairs;
}

Arg InstructionParser::parse_arg(const RawInstruction& raw) {
    Arg arg;
    for (const Piece& piece : split_quoted(raw.flags.rest, escape_)) {
        const std::size_t equals = piece.text.find('=');
        ArgItem item{word(raw, {piece.text.substr(0, equals), piece.offset}), std::nullopt};
        if (equals != std::string::npos) {
            item.value = word(raw, {piece.text.substr(equals + 1), piece.offset + equals + 1});
        }
        if (item.name.raw.empty()) error(raw, piece.offset, "a name of ARG is empty");
        arg.items.push_back(std::move(item));
    }
    if (arg.items.empty())
        error(raw, raw.keyword.offset, "ARG has no argument, needed 'name' or 'name=default'");
    return arg;
}

OnBuild InstructionParser::parse_onbuild(const RawInstruction& raw) {
    OnBuild result;
    result.text = raw.arguments.text;
    for (const Heredoc& heredoc : raw.heredocs)
        result.text += "\n" + heredoc.content + heredoc.name;
    RawInstruction inner = raw;
    const Piece& arguments = raw.arguments;
    const auto blank = std::ranges::find_if(arguments.text, is_blank);
    const auto length = static_cast<std::size_t>(blank - arguments.text.begin());
    inner.keyword = {arguments.text.substr(0, length), arguments.offset};
    inner.name = to_upper(inner.keyword.text);
    inner.arguments = trimmed(arguments.text, length);
    inner.arguments.offset += arguments.offset;
    inner.flags = split_flags(inner.arguments);
    inner.line.comments.clear();
    if (arguments.text.empty()) {
        error(
            raw, raw.keyword.offset, "ONBUILD has no instruction, needed one such as RUN or COPY");
        return result;
    }
    if (inner.name == "ONBUILD" || inner.name == "FROM" || inner.name == "MAINTAINER") {
        error(raw, inner.keyword.offset, inner.name + " is not allowed after ONBUILD");
        return result;
    }
    if (std::optional<Instruction> trigger = parse(inner)) {
        trigger->original = result.text;
        result.trigger = std::make_shared<const Instruction>(std::move(*trigger));
    }
    return result;
}

std::optional<Stage> InstructionParser::parse_from(const RawInstruction& raw) {
    Stage stage;
    stage.at = raw.line.locate(raw.keyword.offset);
    stage.keyword = raw.keyword.text;
    stage.original = trimmed(raw.line.text, 0).text;
    stage.comments = raw.line.comments;
    for (const FlagValue& flag : parse_flags(raw, {"--platform"}))
        stage.platform = flag_word(raw, flag);
    const std::vector<Piece> words = split_blanks(raw.flags.rest);
    if (words.empty()) {
        error(raw, raw.keyword.offset, "FROM has no image, needed 'FROM image [AS name]'");
        return stage;
    }
    stage.base = word(raw, words[0]);
    if (words.size() == 1) return stage;
    if (words.size() != 3 || !equals_ignoring_case(words[1].text, "AS")) {
        error(
            raw,
            words[1].offset,
            "FROM has " + std::to_string(words.size())
                + " arguments, needed 'FROM image' or 'FROM image AS name'");
        return stage;
    }
    stage.as_keyword = words[1].text;
    stage.name_word = word(raw, words[2]);
    parse_stage_name(stage, raw, words[2]);
    return stage;
}

void InstructionParser::parse_stage_name(
    Stage& stage, const RawInstruction& raw, const Piece& name) {
    stage.name = to_lower(name.text);
    if (is_stage_name(stage.name)) return;
    error(
        raw,
        name.offset,
        "the stage name is " + quoted(name.text)
            + ", needed a letter first, then letters, digits, '-', '_' and '.'");
}

}  // namespace nacre::dockerfile::detail
