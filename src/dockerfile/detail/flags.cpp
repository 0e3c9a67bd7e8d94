#include "base/text.hpp"
#include "dockerfile/detail/instruction_parser.hpp"
#include "dockerfile/detail/mount_options.hpp"

#include <algorithm>
#include <limits>

namespace nacre::dockerfile::detail {
namespace {

constexpr std::chrono::nanoseconds kHealthDurationMin = std::chrono::milliseconds{1};

}  // namespace

void InstructionParser::apply_run_flag(Run& run, const RawInstruction& raw, const FlagValue& flag) {
    const std::string& value = *flag.value;
    if (flag.name == "--mount") {
        MountFlag mount{value, {}, raw.line.locate(flag.word.offset)};
        for (const MountProblem& problem : check_mount(mount))
            error(raw, flag.word.offset, problem.message, problem.hint);
        run.mounts.push_back(std::move(mount));
    } else if (flag.name == "--network") {
        if (value == "none") {
            run.network = NetworkMode::None;
        } else if (value == "host") {
            run.network = NetworkMode::Host;
        } else if (value != "default") {
            error(
                raw,
                flag.word.offset,
                "--network is " + quoted(value) + ", needed 'default', 'none' or 'host'");
        }
    } else if (value == "insecure") {
        run.security = SecurityMode::Insecure;
    } else if (value != "sandbox") {
        error(
            raw,
            flag.word.offset,
            "--security is " + quoted(value) + ", needed 'sandbox' or 'insecure'");
    }
}

void InstructionParser::apply_copy_flag(
    Copy& copy, const RawInstruction& raw, const FlagValue& flag) {
    const std::string_view name = flag.name;
    if (name == "--chown") {
        copy.chown = flag_word(raw, flag);
    } else if (name == "--chmod") {
        copy.chmod = flag_word(raw, flag);
    } else if (name == "--checksum") {
        copy.checksum = flag_word(raw, flag);
    } else if (name == "--exclude") {
        copy.excludes.push_back(flag_word(raw, flag));
    } else if (name == "--from") {
        copy.from = flag_word(raw, flag);
        if (copy.from->raw.find('$') != std::string::npos) {
            error(
                raw,
                flag.word.offset,
                "--from is " + quoted(copy.from->raw) + ", variables are not expanded there",
                "define a stage: FROM " + copy.from->raw + " AS name, and use --from=name");
        }
    } else {
        const std::optional<bool> on = parse_bool(flag.value.value_or("true"));
        if (!on) {
            error(
                raw,
                flag.word.offset,
                flag.name + " is " + quoted(*flag.value) + ", needed 'true' or 'false'");
        }
        const bool value = on.value_or(false);
        if (name == "--link") copy.link = value;
        if (name == "--parents") copy.parents = value;
        if (name == "--keep-git-dir") copy.keep_git_dir = value;
        if (name == "--unpack") copy.unpack = value;
    }
}

Copy InstructionParser::parse_copy(const RawInstruction& raw) {
    Copy copy;
    copy.is_add = raw.name == "ADD";
    std::vector<std::string> known{"--chown", "--chmod", "--link", "--exclude"};
    if (copy.is_add) {
        known.insert(known.end(), {"--checksum", "--keep-git-dir", "--unpack"});
    } else {
        known.insert(known.end(), {"--from", "--parents"});
    }
    for (const FlagValue& flag : parse_flags(raw, known))
        apply_copy_flag(copy, raw, flag);
    take_copy_operands(copy, raw);
    return copy;
}

void InstructionParser::take_copy_operands(Copy& copy, const RawInstruction& raw) {
    bool exec_form = false;
    std::vector<Piece> words = parse_list(raw, exec_form);
    if (words.size() < 2) {
        error(
            raw,
            raw.keyword.offset,
            raw.name + " has " + std::to_string(words.size())
                + " arguments, needed at least one source and the destination");
        if (words.empty()) return;
    }
    const Piece destination = words.back();
    words.pop_back();
    copy.destination = word(raw, destination);
    if (!exec_form && parse_heredoc_word(destination.text)) {
        error(
            raw,
            destination.offset,
            "the destination of " + raw.name + " is a here document, needed a path");
    }
    std::size_t used = 0;
    for (const Piece& piece : words) {
        // A word that only looks like a document, within quotes with blanks, has none.
        const bool is_document =
            !exec_form && used < raw.heredocs.size() && parse_heredoc_word(piece.text).has_value();
        if (is_document) {
            copy.files.push_back(raw.heredocs[used++]);
        } else {
            copy.sources.push_back(word(raw, piece));
        }
    }
}

void InstructionParser::apply_health_flag(
    Healthcheck& check, const RawInstruction& raw, const FlagValue& flag) {
    const std::string& value = *flag.value;
    if (flag.name == "--retries") {
        const std::optional<std::int64_t> count = parse_integer(value);
        const bool fits = count && *count >= 0 && *count <= std::numeric_limits<int>::max();
        if (fits) {
            check.retries = static_cast<int>(*count);
        } else {
            error(
                raw,
                flag.word.offset,
                "--retries is " + quoted(value) + ", needed a number that is not negative");
        }
        return;
    }
    const std::optional<std::chrono::nanoseconds> time = parse_duration(value);
    if (!time || (time->count() != 0 && *time < kHealthDurationMin)) {
        error(
            raw,
            flag.word.offset,
            flag.name + " is " + quoted(value) + ", needed a duration of at least 1ms, or 0",
            "for example '30s' or '1m30s'");
        return;
    }
    if (flag.name == "--interval") check.interval = time;
    if (flag.name == "--timeout") check.timeout = time;
    if (flag.name == "--start-period") check.start_period = time;
    if (flag.name == "--start-interval") check.start_interval = time;
}

Healthcheck InstructionParser::parse_healthcheck(const RawInstruction& raw) {
    Healthcheck check;
    const std::vector<std::string> known{
        "--interval", "--timeout", "--start-period", "--start-interval", "--retries"};
    for (const FlagValue& flag : parse_flags(raw, known))
        apply_health_flag(check, raw, flag);
    const Piece& rest = raw.flags.rest;
    const auto blank = std::ranges::find_if(rest.text, is_blank);
    const auto length = static_cast<std::size_t>(blank - rest.text.begin());
    const std::string kind = to_upper(std::string_view{rest.text}.substr(0, length));
    Piece command = trimmed(rest.text, length);
    command.offset += rest.offset;
    if (kind == "NONE") {
        check.disabled = true;
        if (!command.text.empty())
            error(raw, command.offset, "HEALTHCHECK NONE takes no arguments");
    } else if (kind == "CMD") {
        check.command = parse_command_line(raw, command);
        if (check.command.words.empty())
            error(raw, rest.offset, "HEALTHCHECK CMD has no command, needed at least one word");
    } else {
        error(
            raw,
            rest.text.empty() ? raw.keyword.offset : rest.offset,
            "HEALTHCHECK has " + quoted(kind) + ", needed 'CMD command' or 'NONE'");
    }
    return check;
}

}  // namespace nacre::dockerfile::detail
