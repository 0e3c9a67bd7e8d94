#pragma once

#include "hub/planner.hpp"

#include <vector>

namespace nacre::hub {

struct ModelTask {
    QueueBin bin;
    QueuedTask task;
};

/// The whole queue in memory.
class MemoryFreeTasks final : public FreeTasks {
public:
    explicit MemoryFreeTasks(std::vector<ModelTask> tasks) : tasks_{std::move(tasks)} {}

    std::vector<QueueBin> bins() override;
    std::vector<QueuedTask> oldest_of_owners(const QueueBin& bin) override;
    std::vector<QueuedTask> following(
        const QueueBin& bin, const QueuedTask& task, std::size_t limit) override;

    std::size_t read_count() const noexcept { return read_; }

private:
    std::vector<ModelTask> tasks_;
    std::size_t read_ = 0;
};

/// The assignments as the rules say them, task by task over the whole queue.
std::vector<Assignment> model_assignments(
    const HostsView& view,
    std::vector<ModelTask> tasks,
    std::int64_t now_us,
    const SchedulerRules& rules);

}  // namespace nacre::hub
