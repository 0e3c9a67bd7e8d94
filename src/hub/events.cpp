#include "hub/events.hpp"

#include "hub/statement.hpp"

namespace nacre::hub {
namespace {

std::optional<Event> first_event(const sql::Rows& rows) {
    if (rows.empty()) return std::nullopt;
    return Event{EventId{rows[0].integer(0)}, rows[0].integer(1)};
}

}  // namespace

std::optional<Event> find_event(Call& call, EventId id) {
    return first_event(call.sql().query("SELECT id, time FROM events WHERE id = ?", bound(id)));
}

std::optional<Event> find_last_event(Call& call, std::optional<double> before) {
    Conditions conditions;
    conditions.add_time("time < ?", before);
    return first_event(call.sql().query(
        "SELECT id, time FROM events" + conditions.where() + " ORDER BY id DESC LIMIT 1",
        conditions.parameters()));
}

}  // namespace nacre::hub
