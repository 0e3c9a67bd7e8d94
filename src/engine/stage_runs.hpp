#pragma once

#include "base/guarded.hpp"
#include "engine/stage_builder.hpp"

#include <condition_variable>
#include <cstddef>
#include <exception>
#include <functional>
#include <map>
#include <optional>
#include <stop_token>
#include <vector>

namespace nacre::engine {

/// The stages of one build, several at once: a bounded number of threads takes them in the order of the plan, and a stage
/// waits for another one only where it needs it. No two can wait for each other, since a stage needs earlier ones only, and
/// those were taken before it. Thread-safe.
class StageRuns {
public:
    /// `needed`: the indexes to build, in order. `run` makes one stage; it is called from several threads at once.
    using Run = std::function<StageResult(std::size_t index, const std::stop_token& stop)>;

    StageRuns(std::vector<std::size_t> needed, Run run)
        : needed_{std::move(needed)},
          run_{std::move(run)} {}

    /// The result of a stage; waits for it. Throws Cancelled when `stop` is requested before it is there.
    const StageResult& get(std::size_t index, const std::stop_token& stop);

    /// What each thread does: takes stages until there are none. The first failure stops all others through `ending`.
    void work(std::stop_source ending);

    /// Throws the first failure, if there was one. Once all threads have ended.
    void rethrow();
    StageResult take_last();

private:
    struct State {
        std::size_t next = 0;  ///< position in needed_
        std::map<std::size_t, StageResult> results;
        std::exception_ptr failure;
    };

    std::optional<std::size_t> take();

    const std::vector<std::size_t> needed_;
    const Run run_;
    Guarded<State> state_;
    std::condition_variable_any changed_;
};

}  // namespace nacre::engine
