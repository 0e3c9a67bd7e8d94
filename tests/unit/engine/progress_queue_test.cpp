#include "engine/progress_queue.hpp"

#include "base/error.hpp"
#include "base/thread_group.hpp"

#include <gmock/gmock.h>

namespace nacre::engine {
namespace {

class Lines final : public Progress {
public:
    void step_started(const Step& step) override { add("start " + std::to_string(step.number)); }

    void output(std::size_t number, Bytes bytes) override {
        add(std::to_string(number) + ": " + std::string{as_text(bytes)});
    }

    void step_finished(const Step& step, Outcome outcome) override {
        add((outcome == Outcome::Cached ? "cached " : "done ") + std::to_string(step.number));
    }

    void note(std::string_view text) override { add("note " + std::string{text}); }

    std::vector<std::string> lines;
    std::size_t fail_at = SIZE_MAX;

private:
    void add(std::string line) {
        if (lines.size() == fail_at) throw Error{ErrorCode::Internal, "nobody reads"};
        lines.push_back(std::move(line));
    }
};

constexpr int kManyEvents = 1000;

TEST(ProgressQueue, PassesOnWhatAThreadSaysInItsOrder) {
    ProgressQueue events{{}};
    Lines lines;
    ThreadGroup group;
    group.start("stage", [&](const std::stop_token&) {
        events.step_started({.number = 7});
        events.output(7, as_bytes("text"));
        events.note("a");
        events.step_finished({.number = 7}, Progress::Outcome::Cached);
        events.end();
    });
    events.pump(lines, 1);
    EXPECT_THAT(lines.lines, testing::ElementsAre("start 7", "7: text", "note a", "cached 7"));
}

TEST(ProgressQueue, LosesNothingOfThreadsThatAreFasterThanTheReader) {
    ProgressQueue events{{}};
    Lines lines;
    ThreadGroup group;
    for (int thread = 0; thread < 3; ++thread)
        group.start("stage", [&](const std::stop_token&) {
            for (int i = 0; i < kManyEvents; ++i)
                events.note("x");
            events.end();
        });
    events.pump(lines, 3);
    EXPECT_EQ(lines.lines.size(), 3U * kManyEvents);
}

TEST(ProgressQueue, LetsThreadsEndWhenTheReaderFails) {
    for (std::size_t fail_at = 0; fail_at < 3; ++fail_at) {
        std::stop_source ending;
        ProgressQueue events{ending.get_token()};
        Lines lines;
        lines.fail_at = fail_at;
        ThreadGroup group;
        for (int thread = 0; thread < 2; ++thread)
            group.start("stage", [&](const std::stop_token&) {
                for (int i = 0; i < kManyEvents; ++i)
                    events.note("x");
                events.end();
            });
        EXPECT_THROW(events.pump(lines, 2), Error);
        ending.request_stop();
        events.discard();
    }
}

}  // namespace
}  // namespace nacre::engine
