#pragma once

#include "base/guarded.hpp"
#include "web/facts.hpp"

#include <map>

namespace nacre::web {

/// Keeps what it was given: for tests.
class MemoryFacts final : public Facts {
public:
    /// Replaces what has the same id.
    void put(const TaskDetails& task);
    void put(const BuildDetails& build);
    void put_log(std::int64_t task, const std::string& name, const std::string& text);

    std::vector<TaskFacts> recent_tasks(std::size_t limit) const override;
    std::vector<BuildFacts> recent_builds(std::size_t limit) const override;
    std::optional<TaskDetails> find_task(std::int64_t id) const override;
    std::optional<BuildDetails> find_build(std::int64_t id) const override;
    std::optional<LogTail> find_log_tail(std::int64_t task, std::size_t limit) const override;

private:
    struct Kept {
        std::map<std::int64_t, TaskDetails> tasks;
        std::map<std::int64_t, BuildDetails> builds;
        std::map<std::int64_t, LogTail> logs;
    };

    mutable Guarded<Kept> kept_;
};

/// The last `limit` bytes of `text`, from the beginning of a line when there is one among them.
LogTail cut_tail(const std::string& name, std::string_view text, std::size_t limit);

}  // namespace nacre::web
