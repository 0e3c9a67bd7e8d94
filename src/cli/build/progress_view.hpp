#pragma once

#include "base/clock.hpp"
#include "engine/progress.hpp"

#include <cstddef>
#include <deque>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace nacre::cli::build {

/// What a live view shows: pure, so that a test can ask for any moment of a build.
class ProgressModel {
public:
    explicit ProgressModel(SteadyTime started) : started_{started} {}

    void start(const engine::Progress::Step& step, SteadyTime now);
    void add_output(std::size_t number, std::string_view text);
    void finish(
        const engine::Progress::Step& step, engine::Progress::Outcome outcome, SteadyTime now);
    void add_note(std::string_view text);

    struct Running {
        engine::Progress::Step step;
        SteadyTime started;
        std::deque<std::string> last_lines;  ///< at most kLastLinesMax
        std::string partial;                 ///< a line that has no end yet
    };

    /// Lines that stay on the terminal: finished steps and notes that were not taken before.
    std::vector<std::string> take_finished();

    const std::map<std::size_t, Running>& running() const noexcept { return running_; }

    std::size_t finished() const noexcept { return finished_; }

    std::size_t count() const noexcept { return count_; }

    SteadyTime started() const noexcept { return started_; }

    static constexpr std::size_t kLastLinesMax = 6;

private:
    const SteadyTime started_;
    std::map<std::size_t, Running> running_;
    std::vector<std::string> done_lines_;
    std::size_t finished_ = 0;
    std::size_t count_ = 0;
};

struct WindowSize {
    std::size_t columns = 80;
    std::size_t rows = 24;
};

/// The lines about what runs now, each at most `size.columns` wide, all at most `size.rows` - 1: the head with the time of the build,
/// the running steps with theirs, and under each the last lines of its output as far as there is room.
std::vector<std::string> render_running(
    const ProgressModel& model, SteadyTime now, const WindowSize& size);

/// Cuts to `columns` cells of a terminal: wide characters count as two, a cut line ends in "…". The text is valid UTF-8.
std::string cut_to_width(std::string_view text, std::size_t columns);

/// `text`, and `time` at the right edge.
std::string with_time(std::string_view text, std::string_view time, std::size_t columns);

/// "0.8s", "12.3s", "4m05s", "1h02m".
std::string render_duration(std::chrono::nanoseconds time);

}  // namespace nacre::cli::build
