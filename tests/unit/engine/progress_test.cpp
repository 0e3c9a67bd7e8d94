#include "engine/progress.hpp"

#include "base/text.hpp"

#include <gmock/gmock.h>

namespace nacre::engine {
namespace {

class TextProgressTest : public testing::Test {
protected:
    void start(const Progress::Step& step = {.number = 2, .count = 5, .text = "RUN make"}) {
        number = step.number;
        progress.step_started(step);
    }

    void say(std::string_view text) { progress.output(number, as_bytes(text)); }

    void finish(Progress::Outcome outcome = Progress::Outcome::Done) {
        progress.step_finished({.number = number}, outcome);
    }

    std::size_t number = 0;
    ManualClock clock{WallTime{}};
    StringSink out;
    TextProgress progress{out, clock};
};

TEST_F(TextProgressTest, ShowsStepsWithTheirTimes) {
    start();
    clock.advance(std::chrono::milliseconds{812});
    say("one\ntwo\n");
    clock.advance(std::chrono::milliseconds{3300});
    finish();
    EXPECT_EQ(out.text(), "#2 [2/5] RUN make\n#2 0.812 one\n#2 0.812 two\n#2 DONE 4.1s\n");
}

TEST_F(TextProgressTest, PutsPiecesOfALineTogether) {
    start();
    say("o");
    say("ne\nla");
    say("st");
    finish(Progress::Outcome::Cached);
    EXPECT_EQ(out.text(), "#2 [2/5] RUN make\n#2 0.000 one\n#2 0.000 last\n#2 CACHED\n");
}

TEST_F(TextProgressTest, NamesTheStageWhenThereAreSeveral) {
    start({.number = 1, .count = 9, .stage = "tools", .text = "RUN a\nb"});
    EXPECT_EQ(out.text(), "#1 [tools 1/9] RUN a\n#    b\n");
}

TEST_F(TextProgressTest, KeepsStepsApartThatRunAtOnce) {
    progress.step_started({.number = 1, .count = 2, .stage = "a", .text = "RUN x"});
    clock.advance(std::chrono::seconds{1});
    progress.step_started({.number = 2, .count = 2, .stage = "b", .text = "RUN y"});
    progress.output(1, as_bytes("one "));
    progress.output(2, as_bytes("two\n"));
    progress.output(1, as_bytes("line\n"));
    progress.step_finished({.number = 1}, Progress::Outcome::Done);
    progress.step_finished({.number = 2}, Progress::Outcome::Cached);
    EXPECT_EQ(
        out.text(),
        "#1 [a 1/2] RUN x\n#2 [b 2/2] RUN y\n#2 0.000 two\n#1 1.000 one line\n#1 DONE 1.0s\n#2 "
        "CACHED\n");
}

TEST_F(TextProgressTest, CutsALineWithoutEnd) {
    start();
    say(std::string(100'000, 'x'));
    for (const std::string& line : split(out.text(), '\n'))
        EXPECT_LE(line.size(), 17'000U);
    finish();
    EXPECT_EQ(std::ranges::count(out.text(), 'x'), 100'000);
}

TEST_F(TextProgressTest, LetsNoControlCharacterThrough) {
    start({.number = 1, .count = 1, .text = "RUN \x1b[2J"});
    say("\x1b]0;title\x07\xff\n");
    EXPECT_EQ(out.text().find('\x1b'), std::string::npos);
    EXPECT_EQ(out.text().find('\xff'), std::string::npos);
}

TEST_F(TextProgressTest, WritesNotesAsTheyAre) {
    progress.note("one\ntwo\n");
    EXPECT_EQ(out.text(), "# one\n# two\n");
}

TEST(OutputTail, KeepsTheLastLines) {
    ManualClock clock{WallTime{}};
    StringSink out;
    TextProgress progress{out, clock};
    OutputTail tail{progress, 1};
    for (int i = 0; i < 10'000; ++i)
        tail.write(as_bytes("line " + std::to_string(i) + "\n"));
    const std::vector<std::string> lines = split(tail.lines(), '\n');
    ASSERT_EQ(lines.size(), OutputTail::kTailLinesMax);
    EXPECT_EQ(lines.front(), "line 9980");
    EXPECT_EQ(lines.back(), "line 9999");
}

TEST(OutputTail, IsBoundedInBytes) {
    ManualClock clock{WallTime{}};
    StringSink out;
    TextProgress progress{out, clock};
    OutputTail tail{progress, 1};
    for (int i = 0; i < 100; ++i)
        tail.write(as_bytes(std::string(1000, 'x')));
    EXPECT_LE(tail.lines().size(), OutputTail::kTailBytesMax);
}

}  // namespace
}  // namespace nacre::engine
