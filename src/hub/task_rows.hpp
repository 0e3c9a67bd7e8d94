#pragma once

#include "hub/tasks.hpp"

#include <string_view>

namespace nacre::hub {

/// What read_task() reads; "t" is the task, "u" its owner.
inline constexpr std::string_view kTaskColumns =
    "SELECT t.id, t.state, t.create_time, t.start_time, t.completion_time, t.channel_id,"
    " t.host_id, t.parent, t.label, t.waiting, t.awaited, t.owner, t.method, t.arch, t.priority,"
    " t.weight, t.request, t.result, u.name, u.usertype FROM task t LEFT JOIN users u"
    " ON u.id = t.owner";

Task read_task(const sql::Row& row);
std::vector<Task> read_tasks(const sql::Rows& rows);
std::optional<Task> find_task(Call& call, TaskId task);

}  // namespace nacre::hub
