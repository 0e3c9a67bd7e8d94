#include "dockerfile/parser.hpp"

#include "base/error.hpp"
#include "base/text.hpp"
#include "dockerfile/detail/instruction_parser.hpp"
#include "dockerfile/detail/reader.hpp"

#include <algorithm>

namespace nacre::dockerfile {
namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

std::vector<std::string> split_lines(std::string_view text) {
    if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
    std::vector<std::string> lines;
    while (!text.empty()) {
        const std::size_t end = text.find('\n');
        lines.emplace_back(text.substr(0, end));
        if (end == std::string_view::npos) break;
        text.remove_prefix(end + 1);
        // A final line feed ends the last line, it does not begin another one; the empty entry tells a
        // document whether its last line had one.
        if (text.empty()) lines.emplace_back();
    }
    return lines;
}

/// Checks that hold for the text as a whole. False when it must not be parsed.
bool check_text(
    std::string_view text, const std::vector<std::string>& lines, detail::Reporter& reporter) {
    if (text.size() > kTextBytesMax) {
        reporter.error(
            {},
            "the file has " + std::to_string(text.size()) + " bytes, needed at most "
                + std::to_string(kTextBytesMax));
        return false;
    }
    for (std::size_t i = 0; i < lines.size(); ++i) {
        const int number = static_cast<int>(i + 1);
        const std::size_t nul = lines[i].find('\0');
        if (nul != std::string::npos) {
            reporter.error(
                {number, static_cast<int>(nul + 1)}, "the line has a NUL byte, needed text");
            return false;
        }
        if (lines[i].size() > kLineBytesMax) {
            reporter.error(
                {number, 0},
                "the line has " + std::to_string(lines[i].size()) + " bytes, needed at most "
                    + std::to_string(kLineBytesMax));
            return false;
        }
    }
    return true;
}

class FileParser {
public:
    FileParser(Dockerfile& tree, detail::Reporter& reporter)
        : tree_{&tree},
          reporter_{&reporter},
          reader_{tree.lines, reporter} {}

    void run() {
        tree_->directives = reader_.read_directives();
        const char escape = tree_->directives.escape;
        detail::InstructionParser parser{*reporter_, escape};
        std::size_t count = 0;
        while (std::optional<detail::LogicalLine> line = reader_.next(escape)) {
            const detail::RawInstruction raw = parser.cut(std::move(*line), &reader_);
            if (++count > kInstructionsMax) {
                reporter_->error(
                    raw.line.locate(raw.keyword.offset),
                    "too many instructions: needed at most " + std::to_string(kInstructionsMax));
                return;
            }
            if (raw.name == "FROM") {
                add_stage(parser, raw);
            } else if (std::optional<Instruction> one = parser.parse(raw)) {
                add(std::move(*one));
            }
        }
        if (tree_->stages.empty()) {
            reporter_->error(
                {},
                count == 0 ? "the file has no instructions, needed at least FROM"
                           : "the file has no FROM, needed at least one",
                "begin with 'FROM image', or 'FROM scratch' for an empty one");
        }
    }

private:
    void add_stage(detail::InstructionParser& parser, const detail::RawInstruction& raw) {
        std::optional<Stage> stage = parser.parse_from(raw);
        if (!stage) return;
        if (tree_->stages.size() == kStagesMax) {
            reporter_->error(
                stage->at, "too many stages: needed at most " + std::to_string(kStagesMax));
        }
        if (tree_->stages.size() < kStagesMax) tree_->stages.push_back(std::move(*stage));
    }

    void add(Instruction instruction) {
        if (!tree_->stages.empty()) {
            tree_->stages.back().instructions.push_back(std::move(instruction));
        } else if (std::holds_alternative<Arg>(instruction.command)) {
            tree_->global_args.push_back(std::move(instruction));
        } else if (!misplaced_) {
            misplaced_ = true;
            reporter_->error(
                instruction.at,
                std::string{keyword_of(instruction.command)}
                    + " stands before the first FROM, needed ARG or FROM there",
                "begin with 'FROM image'");
        }
    }

    Dockerfile* tree_;
    detail::Reporter* reporter_;
    detail::Reader reader_;
    bool misplaced_ = false;
};

}  // namespace

ParseResult parse(std::string_view text, const std::string& file_name) {
    ParseResult result;
    result.tree.file = file_name;
    if (text.size() <= kTextBytesMax) result.tree.lines = split_lines(text);
    detail::Reporter reporter{file_name, result.tree.lines};
    if (check_text(text, result.tree.lines, reporter)) FileParser{result.tree, reporter}.run();
    result.diagnostics = reporter.take();
    return result;
}

Instruction parse_trigger(std::string_view text) {
    const std::vector<std::string> lines = split_lines(text);
    detail::Reporter reporter{"ONBUILD", lines};
    detail::LogicalLine line;
    line.begin_segment({1, 1});
    line.text = text;
    line.end_line = 1;
    std::optional<Instruction> instruction;
    if (check_text(text, lines, reporter) && !trim(text).empty()) {
        detail::InstructionParser parser{reporter, '\\'};
        const detail::RawInstruction raw = parser.cut(std::move(line), nullptr);
        if (raw.name == "FROM" || raw.name == "ONBUILD" || raw.name == "MAINTAINER")
            reporter.error({1, 1}, raw.name + " is not allowed as a trigger");
        instruction = raw.name == "FROM" ? std::nullopt : parser.parse(raw);
    }
    const Diagnostics found = reporter.take();
    if (!instruction || has_errors(found)) {
        throw Error{
            ErrorCode::InvalidArgument,
            "trigger " + quoted(text) + ": "
                + (found.empty() ? "the instruction is empty" : found.front().message)};
    }
    return std::move(*instruction);
}

}  // namespace nacre::dockerfile
