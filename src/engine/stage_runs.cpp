#include "engine/stage_runs.hpp"

#include "base/error.hpp"

#include <utility>

namespace nacre::engine {

const StageResult& StageRuns::get(std::size_t index, const std::stop_token& stop) {
    auto state = state_.lock();
    if (!state.wait(changed_, stop, [index](const State& s) { return s.results.contains(index); }))
        throw Cancelled{};
    // Results stay where they are, and unchanged, until the last one is taken.
    return state->results.at(index);
}

std::optional<std::size_t> StageRuns::take() {
    auto state = state_.lock();
    if (state->next >= needed_.size()) return std::nullopt;
    return needed_[state->next++];
}

void StageRuns::work(std::stop_source ending) {
    while (!ending.stop_requested()) {
        const auto index = take();
        if (!index) return;
        try {
            StageResult result = run_(*index, ending.get_token());
            state_.lock()->results.emplace(*index, std::move(result));
        } catch (...) {  // the end of a thread: rethrow() passes it on
            auto state = state_.lock();
            if (!state->failure) state->failure = std::current_exception();
        }
        if (state_.lock()->failure) ending.request_stop();
        changed_.notify_all();
    }
}

void StageRuns::rethrow() {
    if (const auto failure = state_.lock()->failure) std::rethrow_exception(failure);
    if (state_.lock()->results.size() < needed_.size()) throw Cancelled{};
}

StageResult StageRuns::take_last() {
    return std::move(state_.lock()->results.at(needed_.back()));
}

}  // namespace nacre::engine
