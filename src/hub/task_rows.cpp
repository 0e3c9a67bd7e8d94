#include "hub/task_rows.hpp"

#include "base/error.hpp"
#include "hub/statement.hpp"

namespace nacre::hub {

Task read_task(const sql::Row& row) {
    return Task{
        .id = TaskId{row.integer(0)},
        .state = static_cast<TaskState>(row.integer(1)),
        .create_us = row.integer(2),
        .start_us = row.find_integer(3),
        .completion_us = row.find_integer(4),
        .channel = find_id<ChannelId>(row, 5),
        .host = find_id<HostId>(row, 6),
        .parent = find_id<TaskId>(row, 7),
        .label = row.find_text(8),
        .waiting = row.integer(9) != 0,
        .awaited = row.integer(10) != 0,
        .owner = find_id<UserId>(row, 11),
        .method = row.text(12),
        .arch = row.text(13),
        .priority = row.integer(14),
        .weight = row.real(15),
        .request = row.text(16),
        .result = row.find_text(17),
        .owner_name = row.find_text(18).value_or(""),
        .owner_type = static_cast<UserType>(row.find_integer(19).value_or(0))};
}

std::vector<Task> read_tasks(const sql::Rows& rows) {
    std::vector<Task> tasks;
    tasks.reserve(rows.size());
    for (const sql::Row& row : rows)
        tasks.push_back(read_task(row));
    return tasks;
}

std::optional<Task> find_task(Call& call, TaskId task) {
    const sql::Rows rows =
        call.sql().query(std::string{kTaskColumns} + " WHERE t.id = ?", bound(task));
    if (rows.empty()) return std::nullopt;
    return read_task(rows[0]);
}

bool try_change_state(Call& call, const TaskStateChange& change) {
    if (!can_change(change.from, change.to))
        throw Error{
            ErrorCode::Conflict,
            "task " + change.task.str() + " cannot become " + std::string{to_string(change.to)}
                + ": it is " + std::string{to_string(change.from)}};
    std::string set = "state = ?, changed_time = ?";
    sql::Parameters parameters = bound(static_cast<std::int64_t>(change.to), call.now_us());
    const auto also = [&](std::string_view column, sql::Value value) {
        set += ", " + std::string{column} + " = ?";
        parameters.push_back(std::move(value));
    };
    if (change.to == TaskState::Free) {
        also("host_id", nullptr);
        also("start_time", nullptr);
        also("waiting", sql_value(false));
    }
    if (change.host) also("host_id", sql_value(*change.host));
    if (change.to == TaskState::Open) also("start_time", sql_value(call.now_us()));
    if (is_final(change.to)) {
        also("completion_time", sql_value(call.now_us()));
        also("waiting", sql_value(false));
    }
    if (change.result) also("result", *change.result);
    parameters.push_back(sql_value(change.task));
    parameters.emplace_back(static_cast<std::int64_t>(change.from));
    if (call.sql().execute("UPDATE task SET " + set + " WHERE id = ? AND state = ?", parameters)
        == 0)
        return false;
    if (is_final(change.to))
        call.sql().execute("DELETE FROM task_refusals WHERE task_id = ?", bound(change.task));
    call.ring(&Bells::tasks);
    // A host has room again, or there is a task to give.
    if (change.to == TaskState::Free || is_final(change.to)) call.ring(&Bells::work);
    return true;
}

}  // namespace nacre::hub
