#pragma once

#include "base/bytes.hpp"
#include "base/clock.hpp"
#include "base/guarded.hpp"
#include "base/thread_group.hpp"
#include "cli/build/progress_view.hpp"
#include "engine/progress.hpp"

#include <cstddef>
#include <map>
#include <string>
#include <string_view>

namespace nacre::cli::build {

/// Says nothing.
class QuietProgress final : public engine::Progress {
public:
    void step_started(const Step& /*step*/) override {}

    void output(std::size_t /*number*/, Bytes /*bytes*/) override {}

    void step_finished(const Step& /*step*/, Outcome /*outcome*/) override {}

    void note(std::string_view /*text*/) override {}
};

/// One JSON object a line, for programs (docs/building.md, "Progress as JSON").
class JsonProgress final : public engine::Progress {
public:
    /// Both outlive it.
    JsonProgress(ByteSink& out, const Clock& clock) : out_{out}, clock_{clock} {}

    void step_started(const Step& step) override;
    void output(std::size_t number, Bytes bytes) override;
    void step_finished(const Step& step, Outcome outcome) override;
    void note(std::string_view text) override;

private:
    struct Running {
        SteadyTime started;
        std::string partial;
    };

    void write_lines(std::size_t number, Running& running, bool is_end);

    ByteSink& out_;
    const Clock& clock_;
    std::map<std::size_t, Running> running_;
};

/// A terminal: finished steps scroll away upwards, what runs is drawn again at the bottom, ten times a second, on a thread of its own
/// ("progress"). The destructor draws the last state and gives the terminal back as it was; it needs no more than that the
/// program is left by its main function, which signals lead to.
class LiveProgress final : public engine::Progress {
public:
    /// `terminal` is its descriptor. `clock` outlives it.
    LiveProgress(int terminal, const Clock& clock);
    LiveProgress(const LiveProgress&) = delete;
    LiveProgress& operator=(const LiveProgress&) = delete;
    ~LiveProgress() override;

    void step_started(const Step& step) override;
    void output(std::size_t number, Bytes bytes) override;
    void step_finished(const Step& step, Outcome outcome) override;
    void note(std::string_view text) override;

private:
    enum class Draw : std::uint8_t { Running, Last };

    void draw(Draw what) noexcept;
    void run(const std::stop_token& stop);

    const int terminal_;
    const Clock& clock_;
    Guarded<ProgressModel> model_;
    std::size_t drawn_lines_ = 0;  ///< of the drawing thread, then of the destructor
    ThreadGroup threads_;
};

}  // namespace nacre::cli::build
