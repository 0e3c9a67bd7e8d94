#include "cli/build/progress_view.hpp"

#include "base/text.hpp"
#include "os/file.hpp"

#include <gmock/gmock.h>

#include <cstdlib>

namespace nacre::cli::build {
namespace {

using std::chrono::milliseconds;
using Step = engine::Progress::Step;
using Outcome = engine::Progress::Outcome;

constexpr std::size_t kGoldenBytesMax = 64U << 10U;

/// A build of three stages at its twelfth second.
class ProgressViewTest : public testing::Test {
protected:
    SteadyTime at(int ms) const { return start + milliseconds{ms}; }

    void fill() {
        const Step copy{1, 7, "tools", "COPY src/ /src/"};
        const Step install{2, 7, "base", "RUN apt-get update \\\n && apt-get install -y gcc"};
        const Step build{3, 7, "tools", "RUN make -C /src a-target-with-quite-a-long-name all"};
        model.start(copy, at(0));
        model.finish(copy, Outcome::Cached, at(1));
        model.start(install, at(10));
        model.add_output(2, "Get:1 bookworm/main\nGet:2 bookworm/security\nGet:3 boo");
        model.start(build, at(2200));
        model.add_output(
            3, "cc -c a.c\r\n[ 10%]\r[ 50%]\r[ 90%] \xE6\xBC\xA2\xE5\xAD\x97\x1b[2J\n");
        model.add_note("warning: one\nwarning: two");
    }

    std::string render(const WindowSize& size) {
        return join(render_running(model, at(12345), size), "\n") + "\n";
    }

    static void expect_golden(const std::string& name, const std::string& text) {
        const std::filesystem::path golden =
            std::filesystem::path{NACRE_SOURCE_DIR} / "tests/unit/cli/golden" / name;
        // NOLINTNEXTLINE(concurrency-mt-unsafe)
        if (std::getenv("NACRE_ACCEPT") != nullptr)
            os::write_file_atomically(golden, text, os::Durability::Buffered);
        EXPECT_EQ(text, os::read_file(golden, kGoldenBytesMax)) << name;
    }

    SteadyTime start{};
    ProgressModel model{start};
};

TEST_F(ProgressViewTest, ShowsRunningStepsWithTheirTimesAndLastLines) {
    fill();
    expect_golden("view-80x24.txt", render({.columns = 80, .rows = 24}));
}

TEST_F(ProgressViewTest, FitsASmallWindow) {
    fill();
    for (std::size_t rows = 1; rows < 12; ++rows)
        for (std::size_t columns : {1U, 20U, 33U, 200U}) {
            const auto lines = render_running(model, at(12345), {.columns = columns, .rows = rows});
            EXPECT_LE(lines.size(), std::max<std::size_t>(rows - 1, 2)) << rows;
        }
    expect_golden("view-40x5.txt", render({.columns = 40, .rows = 5}));
}

TEST_F(ProgressViewTest, LetsNoControlCharacterThrough) {
    fill();
    for (const char c : render({}))
        EXPECT_TRUE(static_cast<unsigned char>(c) >= 0x20U || c == '\n');
}

TEST_F(ProgressViewTest, GivesFinishedStepsOnce) {
    fill();
    EXPECT_THAT(
        model.take_finished(),
        testing::ElementsAre(
            "[tools 1/7] COPY src/ /src/\tcached", "warning: one", "warning: two"));
    EXPECT_TRUE(model.take_finished().empty());
    model.finish({2, 7, "base", "RUN x"}, Outcome::Done, at(4010));
    EXPECT_THAT(model.take_finished(), testing::ElementsAre("[base 2/7] RUN x\t4.0s"));
}

TEST_F(ProgressViewTest, KeepsTheLastLinesOnly) {
    model.start({1, 1, "", "RUN x"}, at(0));
    for (int i = 0; i < 1000; ++i)
        model.add_output(1, "line " + std::to_string(i) + "\n");
    model.add_output(1, std::string(100'000, 'x'));
    EXPECT_LE(model.running().at(1).last_lines.size(), ProgressModel::kLastLinesMax);
    EXPECT_LE(model.running().at(1).partial.size(), 16U << 10U);
}

TEST(CutToWidth, CountsCellsAndNotBytes) {
    EXPECT_EQ(cut_to_width("abc", 3), "abc");
    EXPECT_EQ(cut_to_width("abcd", 3), "ab…");
    EXPECT_EQ(cut_to_width("äöü", 3), "äöü");
    EXPECT_EQ(cut_to_width("漢字漢字", 5), "漢字…");
    EXPECT_EQ(cut_to_width("", 0), "");
}

TEST(Duration, GrowsItsUnits) {
    EXPECT_EQ(render_duration(milliseconds{840}), "0.8s");
    EXPECT_EQ(render_duration(milliseconds{59'900}), "59.9s");
    EXPECT_EQ(render_duration(milliseconds{245'000}), "4m05s");
    EXPECT_EQ(render_duration(milliseconds{3'720'000}), "1h02m");
}

}  // namespace
}  // namespace nacre::cli::build
