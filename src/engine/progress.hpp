#pragma once

#include "base/bytes.hpp"
#include "base/clock.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>

namespace nacre::engine {

/// What the followers of a build see. The engine calls it from the thread that runs build(), whatever threads the steps run
/// on. Steps of several stages may run at once.
class Progress {
public:
    virtual ~Progress() = default;

    struct Step {
        std::size_t number = 0;  ///< from 1
        std::size_t count = 0;
        std::string stage;  ///< name or number of the stage; empty when there is only one
        std::string text;   ///< the instruction
    };

    virtual void step_started(const Step& step) = 0;
    /// Output of the running step with this number, in pieces of any size.
    virtual void output(std::size_t number, Bytes bytes) = 0;

    enum class Outcome : std::uint8_t { Done, Cached };
    virtual void step_finished(const Step& step, Outcome outcome) = 0;
    virtual void note(std::string_view text) = 0;
};

/// Plain lines as they happen:
///
///     #3 [2/5] RUN apt-get update
///     #3 0.812 Get:1 ...
///     #3 DONE 4.1s
class TextProgress final : public Progress {
public:
    /// Both outlive it.
    TextProgress(ByteSink& out, const Clock& clock) : out_{out}, clock_{clock} {}

    void step_started(const Step& step) override;
    void output(std::size_t number, Bytes bytes) override;
    void step_finished(const Step& step, Outcome outcome) override;
    void note(std::string_view text) override;

private:
    struct Running {
        SteadyTime started;
        std::string partial;  ///< the line that has no end yet
    };

    void line(std::size_t number, std::string_view text);
    double seconds_since(SteadyTime start) const;

    ByteSink& out_;
    const Clock& clock_;
    std::map<std::size_t, Running> running_;
};

/// Passes the output of a step on to a Progress, and remembers the end of it for the message of a failure.
class OutputTail final : public ByteSink {
public:
    OutputTail(Progress& progress, std::size_t step) : progress_{progress}, step_{step} {}

    void write(Bytes bytes) override;

    /// The last lines, at most kTailLinesMax.
    std::string lines() const;

    static constexpr std::size_t kTailLinesMax = 20;
    static constexpr std::size_t kTailBytesMax = 16U << 10U;

private:
    Progress& progress_;
    const std::size_t step_;
    std::string tail_;
};

}  // namespace nacre::engine
