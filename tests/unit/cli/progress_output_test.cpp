#include "cli/build/progress_output.hpp"

#include "base/text.hpp"
#include "json/value.hpp"
#include "os/file.hpp"
#include "os/process.hpp"

#include <gmock/gmock.h>

namespace nacre::cli::build {
namespace {

using Step = engine::Progress::Step;

TEST(JsonProgress, WritesOneObjectALine) {
    ManualClock clock{from_unix_seconds(1000)};
    StringSink out;
    JsonProgress progress{out, clock};
    const Step step{1, 2, "tools", "RUN make"};
    progress.step_started(step);
    progress.output(1, as_bytes("one\ntw"));
    progress.output(1, as_bytes("o \xff\nrest"));
    clock.advance(std::chrono::milliseconds{1500});
    progress.step_finished(step, engine::Progress::Outcome::Done);
    progress.note("a warning\n");
    EXPECT_EQ(
        out.text(),
        R"({"event":"step_started","time":1000.0,"step":1,"steps":2,"stage":"tools","text":"RUN make"})"
        "\n"
        R"({"event":"output","time":1000.0,"step":1,"text":"one"})"
        "\n"
        R"({"event":"output","time":1000.0,"step":1,"text":"two �"})"
        "\n"
        R"({"event":"output","time":1001.5,"step":1,"text":"rest"})"
        "\n"
        R"({"event":"step_finished","time":1001.5,"step":1,"outcome":"done","seconds":1.5})"
        "\n"
        R"({"event":"note","time":1001.5,"text":"a warning"})"
        "\n");
}

TEST(LiveProgress, GivesTheTerminalBackAndLeavesFinishedSteps) {
    const SystemClock clock;
    os::Pipe pipe = os::make_pipe();
    {
        LiveProgress progress{pipe.write_end.get(), clock};
        const Step step{1, 1, "", "RUN make"};
        progress.step_started(step);
        progress.output(1, as_bytes("compiling\n"));
        progress.step_finished(step, engine::Progress::Outcome::Cached);
    }
    pipe.write_end.reset();
    const std::string text = os::read_all(pipe.read_end.get(), 64U << 10U);
    EXPECT_TRUE(text.starts_with("\x1b[?25l"));
    EXPECT_TRUE(text.ends_with("\x1b[?25h"));
    EXPECT_THAT(text, testing::HasSubstr("[1/1] RUN make"));
    EXPECT_THAT(text, testing::HasSubstr("cached\n"));
}

}  // namespace
}  // namespace nacre::cli::build
