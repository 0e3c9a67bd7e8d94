#include "dockerfile/parser.hpp"

#include "base/error.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <random>

namespace nacre::dockerfile {
namespace {

using testing::HasSubstr;

TEST(Parser, ReportsAllProblemsOfAFileWithTheirPlaces) {
    const ParseResult result = parse("FROM a\nRUNN x\nCOPY y\n  EXPOSE\n", "web/Dockerfile");
    ASSERT_EQ(result.diagnostics.size(), 3U);
    EXPECT_EQ(result.diagnostics[0].file, "web/Dockerfile");
    EXPECT_EQ(result.diagnostics[0].hint, "did you mean 'RUN'?");
    EXPECT_EQ(result.diagnostics[1].line, 3);
    EXPECT_EQ(result.diagnostics[2].column, 3);
    EXPECT_EQ(result.diagnostics[2].excerpt, "  EXPOSE");
    EXPECT_FALSE(result.ok());
}

TEST(Parser, KeepsTheOriginalTextWithoutCommentsAndContinuation) {
    const ParseResult result =
        parse("FROM a\nRUN x \\\n# no\n  && y\nRUN <<E\nz\nE\n", "Dockerfile");
    EXPECT_EQ(result.tree.stages[0].instructions[0].original, "RUN x   && y");
    EXPECT_EQ(result.tree.stages[0].instructions[1].original, "RUN <<E\nz\nE");
}

TEST(Parser, GivesTheShellItsTextWithTheDocuments) {
    const ParseResult result =
        parse("FROM a\nRUN cat <<A <<B\n1\nA\n2\nB\nRUN <<C\n3\nC\nRUN plain\n", "Dockerfile");
    const auto text = [&](std::size_t index) {
        return shell_text(
            std::get<dockerfile::Run>(result.tree.stages[0].instructions[index].command).command);
    };
    EXPECT_EQ(text(0), "cat <<A <<B\n1\nA\n2\nB");
    EXPECT_EQ(text(1), "3\n");
    EXPECT_EQ(text(2), "plain");
}

TEST(Parser, RefusesNulBytesAndHugeInput) {
    EXPECT_THAT(
        parse(std::string_view{"FROM a\0b\n", 9}, "Dockerfile").diagnostics.at(0).message,
        HasSubstr("NUL"));
    EXPECT_FALSE(parse(std::string(kTextBytesMax + 1, '\n'), "Dockerfile").ok());
    EXPECT_FALSE(parse("FROM a\nRUN " + std::string(kLineBytesMax, 'x'), "Dockerfile").ok());
}

TEST(Parser, BoundsStagesInstructionsDocumentsAndFindings) {
    std::string stages;
    for (std::size_t i = 0; i <= kStagesMax; ++i)
        stages += "FROM a\n";
    EXPECT_THAT(parse(stages, "D").diagnostics.at(0).message, HasSubstr("too many stages"));
    std::string instructions = "FROM a\n";
    for (std::size_t i = 0; i < kInstructionsMax; ++i)
        instructions += "RUN x\n";
    EXPECT_THAT(
        parse(instructions, "D").diagnostics.at(0).message, HasSubstr("too many instructions"));
    std::string documents = "FROM a\nRUN ";
    for (std::size_t i = 0; i <= kHeredocsPerInstructionMax; ++i)
        documents += "<<E ";
    documents += "\n";
    for (std::size_t i = 0; i < kHeredocsPerInstructionMax; ++i)
        documents += "E\n";
    EXPECT_THAT(
        parse(documents, "D").diagnostics.at(0).message, HasSubstr("too many here documents"));
    std::string wrong = "FROM a\n";
    for (std::size_t i = 0; i < 2 * kDiagnosticsMax; ++i)
        wrong += "WRONG\n";
    const Diagnostics found = parse(wrong, "D").diagnostics;
    ASSERT_EQ(found.size(), kDiagnosticsMax + 1);
    EXPECT_EQ(found.back().message, "100 more errors are not shown");
}

TEST(Parser, TakesLinearTimeForHostileText) {
    const auto seconds = [](const std::string& text) {
        const auto start = std::chrono::steady_clock::now();
        static_cast<void>(parse(text, "Dockerfile"));
        return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    };
    std::string lines = "FROM a\nRUN x";
    for (int i = 0; i < 90'000; ++i)
        lines += "\\\n$y";
    EXPECT_LT(seconds(lines), 5.0);
    std::string dollars = "FROM a\nRUN <<x ";
    for (int i = 0; i < 300'000; ++i)
        dollars += "${";
    EXPECT_LT(seconds(dollars), 5.0);
    EXPECT_LT(seconds("FROM a\n" + std::string(1'000'000, 'X')), 5.0);
}

/// Pieces that mean something to the parser, put together at random.
TEST(Parser, NeverThrowsAndAlwaysLocatesItsFindings) {
    const char* pieces[] = {
        "FROM a",
        "RUN ",
        "COPY ",
        "<<E",
        "\n",
        "\\\n",
        "#",
        "E\n",
        "\"",
        "'",
        "[\"",
        "]",
        "--x=",
        "$",
        "${x",
        "}",
        "\t",
        "\r\n",
        "=",
        "ENV ",
        "ONBUILD ",
        "--mount=type=",
        "HEALTHCHECK ",
        "NONE",
        "`",
        "# escape=`\n",
        "\xFF",
        "AS b"};
    std::mt19937 random{7};
    for (int round = 0; round < 3000; ++round) {
        std::string text;
        for (auto i = random() % 30; i > 0; --i)
            text += pieces[random() % std::size(pieces)];
        const ParseResult result = parse(text, "D");
        for (const Diagnostic& one : result.diagnostics) {
            EXPECT_FALSE(one.message.empty());
            EXPECT_LE(one.line, static_cast<int>(result.tree.lines.size())) << text;
        }
        if (result.ok()) {
            EXPECT_FALSE(result.tree.stages.empty()) << text;
        }
    }
}

TEST(Trigger, IsParsedLikeAnInstruction) {
    const Instruction trigger = parse_trigger("COPY --from=x . /app");
    EXPECT_EQ(std::get<Copy>(trigger.command).from->raw, "x");
    const Instruction script = parse_trigger("RUN cat <<E\nbody\nE");
    EXPECT_EQ(shell_text(std::get<dockerfile::Run>(script.command).command), "cat <<E\nbody\nE");
}

TEST(Trigger, RefusesWhatAnImageMustNotTrigger) {
    for (const char* text : {"", " ", "FROM a", "ONBUILD RUN x", "MAINTAINER x", "RUNN x", "RUN"})
        EXPECT_THROW(parse_trigger(text), Error) << text;
}

TEST(StageLookup, PrefersNamesAndSeesEarlierStagesOnly) {
    const ParseResult result = parse("FROM a AS x\nFROM b AS y\nFROM c AS x\n", "D");
    const std::vector<Stage>& stages = result.tree.stages;
    EXPECT_EQ(find_stage(stages, "X", 2, StageLookup::NameOnly), 0U);
    EXPECT_EQ(find_stage(stages, "x", 3, StageLookup::NameOnly), 2U);
    EXPECT_EQ(find_stage(stages, "1", 3, StageLookup::NameOrNumber), 1U);
    EXPECT_EQ(find_stage(stages, "1", 3, StageLookup::NameOnly), std::nullopt);
    EXPECT_EQ(find_stage(stages, "1", 1, StageLookup::NameOrNumber), std::nullopt);
    EXPECT_EQ(find_stage(stages, "-1", 3, StageLookup::NameOrNumber), std::nullopt);
}

}  // namespace
}  // namespace nacre::dockerfile
