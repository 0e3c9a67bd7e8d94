#pragma once

#include "hub/call.hpp"
#include "hub/planner.hpp"

#include <vector>

namespace nacre::hub {

/// The free tasks in the database, by index task_queue: no statement reads more than it returns, however long the
/// queue is. Lives no longer than the call.
class StoredFreeTasks final : public FreeTasks {
public:
    explicit StoredFreeTasks(Call& call) : call_{call} {}

    std::vector<QueueBin> bins() override;
    std::vector<QueuedTask> oldest_of_owners(const QueueBin& bin) override;
    std::vector<QueuedTask> following(
        const QueueBin& bin, const QueuedTask& task, std::size_t limit) override;

private:
    Call& call_;
};

}  // namespace nacre::hub
