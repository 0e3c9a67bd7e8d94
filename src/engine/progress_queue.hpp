#pragma once

#include "base/queue.hpp"
#include "engine/progress.hpp"

#include <cstddef>
#include <optional>
#include <stop_token>
#include <string>
#include <variant>

namespace nacre::engine {

/// Brings what the threads of a build say to the one Progress of the build, in the order in which it was said. The Progress
/// functions may be called from any thread; they wait while kEventsMax events are not passed on yet. After `stop` was
/// requested events are dropped rather than waited for.
class ProgressQueue final : public Progress {
public:
    explicit ProgressQueue(std::stop_token stop) : stop_{std::move(stop)} {}

    void step_started(const Step& step) override;
    void output(std::size_t number, Bytes bytes) override;
    void step_finished(const Step& step, Outcome outcome) override;
    void note(std::string_view text) override;

    /// Says that one of the threads has ended.
    void end();

    /// Passes events on until `threads` have ended. What `progress` throws is passed on; then discard() is due.
    void pump(Progress& progress, std::size_t threads);
    /// Waits for the threads that have not ended.
    void discard();

    static constexpr std::size_t kEventsMax = 64;

private:
    struct Started {
        Step step;
    };

    struct Output {
        std::size_t number;
        std::string bytes;
    };

    struct Finished {
        Step step;
        Outcome outcome;
    };

    struct Note {
        std::string text;
    };

    struct End {};

    using Event = std::variant<Started, Output, Finished, Note, End>;

    void push(Event event) { events_.push(std::move(event), stop_); }

    const std::stop_token stop_;
    Queue<Event> events_{kEventsMax};
    std::size_t left_ = 0;  ///< threads that pump() still waits for
};

}  // namespace nacre::engine
