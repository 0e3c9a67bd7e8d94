#include "engine/progress_queue.hpp"

#include <utility>

namespace nacre::engine {

void ProgressQueue::step_started(const Step& step) {
    push(Started{step});
}

void ProgressQueue::output(std::size_t number, Bytes bytes) {
    push(Output{number, std::string{as_text(bytes)}});
}

void ProgressQueue::step_finished(const Step& step, Outcome outcome) {
    push(Finished{step, outcome});
}

void ProgressQueue::note(std::string_view text) {
    push(Note{std::string{text}});
}

void ProgressQueue::end() {
    events_.push(End{}, {});
}

void ProgressQueue::pump(Progress& progress, std::size_t threads) {
    left_ = threads;
    while (left_ > 0) {
        const auto event = events_.pop({});
        if (const auto* started = std::get_if<Started>(&*event))
            progress.step_started(started->step);
        else if (const auto* output = std::get_if<Output>(&*event))
            progress.output(output->number, as_bytes(output->bytes));
        else if (const auto* finished = std::get_if<Finished>(&*event))
            progress.step_finished(finished->step, finished->outcome);
        else if (const auto* note = std::get_if<Note>(&*event))
            progress.note(note->text);
        else
            --left_;
    }
}

void ProgressQueue::discard() {
    while (left_ > 0)
        if (std::holds_alternative<End>(*events_.pop({}))) --left_;
}

}  // namespace nacre::engine
