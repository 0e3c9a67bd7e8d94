#pragma once

#include "dockerfile/detail/reader.hpp"
#include "dockerfile/detail/words.hpp"
#include "dockerfile/syntax.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace nacre::dockerfile::detail {

/// `KEYWORD [--flag...] rest`, cut but not yet understood.
struct RawInstruction {
    LogicalLine line;
    Piece keyword;
    std::string name;  ///< the keyword in upper case
    Flags flags;
    Piece arguments;  ///< flags included, trimmed
    std::vector<Heredoc> heredocs;
};

/// Turns one raw instruction into its typed form. All problems go to the reporter; what is returned then is what
/// could be understood.
class InstructionParser {
public:
    InstructionParser(Reporter& reporter, char escape) : reporter_{&reporter}, escape_{escape} {}

    /// Cuts a line; reads its documents from `reader` (null for a trigger, which has its documents in the line).
    RawInstruction cut(LogicalLine line, Reader* reader);

    /// Nothing for an unknown keyword.
    std::optional<Instruction> parse(const RawInstruction& raw);

    std::optional<Stage> parse_from(const RawInstruction& raw);

private:
    struct FlagValue {
        std::string name;
        std::optional<std::string> value;
        Piece word;
    };

    void read_documents(RawInstruction& raw, Reader& reader);
    static void take_documents_of_trigger(RawInstruction& raw);
    std::optional<Command> parse_command(const RawInstruction& raw);
    std::optional<Command> parse_single_word(const RawInstruction& raw);

    Run parse_run(const RawInstruction& raw);
    void apply_run_flag(Run& run, const RawInstruction& raw, const FlagValue& flag);
    Copy parse_copy(const RawInstruction& raw);
    void apply_copy_flag(Copy& copy, const RawInstruction& raw, const FlagValue& flag);
    void take_copy_operands(Copy& copy, const RawInstruction& raw);
    std::vector<KeyValue> parse_pairs(const RawInstruction& raw, bool& legacy);
    Arg parse_arg(const RawInstruction& raw);
    Expose parse_expose(const RawInstruction& raw);
    Volume parse_volume(const RawInstruction& raw);
    Shell parse_shell(const RawInstruction& raw);
    Healthcheck parse_healthcheck(const RawInstruction& raw);
    void apply_health_flag(Healthcheck& check, const RawInstruction& raw, const FlagValue& flag);
    OnBuild parse_onbuild(const RawInstruction& raw);
    void parse_stage_name(Stage& stage, const RawInstruction& raw, const Piece& name);

    CommandLine parse_command_line(const RawInstruction& raw, const Piece& text);
    std::vector<Piece> parse_list(const RawInstruction& raw, bool& exec_form);
    std::vector<FlagValue> parse_flags(
        const RawInstruction& raw, const std::vector<std::string>& known);
    void refuse_flags(const RawInstruction& raw);

    Word word(const RawInstruction& raw, const Piece& piece) const;
    Word flag_word(const RawInstruction& raw, const FlagValue& flag) const;
    void error(
        const RawInstruction& raw, std::size_t offset, std::string message, std::string hint = {});

    Reporter* reporter_;
    char escape_;
};

}  // namespace nacre::dockerfile::detail
