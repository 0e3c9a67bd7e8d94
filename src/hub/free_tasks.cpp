#include "hub/free_tasks.hpp"

#include "hub/statement.hpp"

namespace nacre::hub {
namespace {

// Each step of the recursion is a search in the index for the first entry behind the part that the row before it stands
// for. SQLite searches by the first column only of a comparison of rows, hence one search for each column.
#define NACRE_NEXT_BIN(condition, order) \
    "(SELECT n.id FROM task n WHERE n.state = 0 AND " condition " ORDER BY " order " LIMIT 1)"

constexpr std::string_view kBins =
    "WITH RECURSIVE head(id) AS ("
    " SELECT (SELECT id FROM task WHERE state = 0"
    "  ORDER BY priority, channel_id, arch, method, weight LIMIT 1)"
    " UNION ALL SELECT COALESCE("
    NACRE_NEXT_BIN(
        "n.priority = t.priority AND n.channel_id = t.channel_id AND n.arch = t.arch"
        " AND n.method = t.method AND n.weight > t.weight",
        "n.weight") ", "
    NACRE_NEXT_BIN(
        "n.priority = t.priority AND n.channel_id = t.channel_id AND n.arch = t.arch"
        " AND n.method > t.method",
        "n.method, n.weight") ", "
    NACRE_NEXT_BIN(
        "n.priority = t.priority AND n.channel_id = t.channel_id AND n.arch > t.arch",
        "n.arch, n.method, n.weight") ", "
    NACRE_NEXT_BIN(
        "n.priority = t.priority AND n.channel_id > t.channel_id",
        "n.channel_id, n.arch, n.method, n.weight") ", "
    NACRE_NEXT_BIN(
        "n.priority > t.priority", "n.priority, n.channel_id, n.arch, n.method, n.weight")
    ") FROM head JOIN task t ON t.id = head.id)"
    " SELECT t.priority, t.channel_id, t.arch, t.method, t.weight"
    " FROM head JOIN task t ON t.id = head.id"
    " ORDER BY t.priority, t.channel_id, t.arch, t.method, t.weight";

#define NACRE_IN_BIN \
    "state = 0 AND priority = ? AND channel_id = ? AND arch = ? AND method = ? AND weight = ?"

constexpr std::string_view kOldestOfOwners =
    "WITH RECURSIVE head(id) AS ("
    " SELECT (SELECT id FROM task WHERE " NACRE_IN_BIN
    "  ORDER BY queue_owner, create_time, id LIMIT 1)"
    " UNION ALL SELECT (SELECT id FROM task WHERE " NACRE_IN_BIN
    "  AND queue_owner > t.queue_owner ORDER BY queue_owner, create_time, id LIMIT 1)"
    " FROM head JOIN task t ON t.id = head.id)"
    " SELECT t.id, t.queue_owner, t.create_time FROM head JOIN task t ON t.id = head.id"
    " ORDER BY t.queue_owner";

constexpr std::string_view kFollowing =
    "SELECT id, queue_owner, create_time FROM task WHERE " NACRE_IN_BIN
    " AND queue_owner = ? AND (create_time, id) > (?, ?) ORDER BY create_time, id LIMIT ?";

sql::Parameters parameters_of(const QueueBin& bin) {
    return bound(bin.priority, bin.channel, bin.arch, bin.method, bin.weight);
}

std::vector<QueuedTask> read_tasks(const sql::Rows& rows) {
    std::vector<QueuedTask> tasks;
    tasks.reserve(rows.size());
    for (const sql::Row& row : rows)
        tasks.push_back({TaskId{row.integer(0)}, row.integer(1), row.integer(2)});
    return tasks;
}

}  // namespace

std::vector<QueueBin> StoredFreeTasks::bins() {
    std::vector<QueueBin> bins;
    for (const sql::Row& row : call_.sql().query(kBins))
        bins.push_back(
            {.priority = row.integer(0),
             .channel = ChannelId{row.integer(1)},
             .arch = row.text(2),
             .method = row.text(3),
             .weight = row.real(4)});
    return bins;
}

std::vector<QueuedTask> StoredFreeTasks::oldest_of_owners(const QueueBin& bin) {
    sql::Parameters parameters = parameters_of(bin);
    const sql::Parameters again = parameters;
    parameters.insert(parameters.end(), again.begin(), again.end());
    return read_tasks(call_.sql().query(kOldestOfOwners, parameters));
}

std::vector<QueuedTask> StoredFreeTasks::following(
    const QueueBin& bin, const QueuedTask& task, std::size_t limit) {
    sql::Parameters parameters = parameters_of(bin);
    for (sql::Value& value :
         bound(task.owner, task.create_us, task.id, static_cast<std::int64_t>(limit)))
        parameters.push_back(std::move(value));
    return read_tasks(call_.sql().query(kFollowing, parameters));
}

}  // namespace nacre::hub
