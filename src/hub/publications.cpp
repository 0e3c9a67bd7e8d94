#include "hub/publications.hpp"

#include "base/text.hpp"
#include "hub/audit.hpp"
#include "hub/permissions.hpp"
#include "hub/statement.hpp"
#include "koji/fault.hpp"

#include <algorithm>

namespace nacre::hub {
namespace {

using koji::Fault;
using koji::FaultCode;

constexpr std::string_view kColumns =
    "SELECT o.id, o.build_id, o.tag_id, p.name || '-' || b.version || '-' || b.release, t.name,"
    " o.state, o.created, o.claimed_until, o.attempts, o.last_error, o.receipt, o.finished"
    " FROM publication o JOIN build b ON b.id = o.build_id JOIN package p ON p.id = b.pkg_id"
    " JOIN tag t ON t.id = o.tag_id";
constexpr std::int64_t kSecond = 1'000'000;
constexpr std::int64_t kPauseFirst = 2 * kSecond;
constexpr std::int64_t kPauseMost = 600 * kSecond;
constexpr std::size_t kErrorTextMax = 4000;

Publication read_publication(const sql::Row& row) {
    return Publication{
        .id = PublicationId{row.integer(0)},
        .build = BuildId{row.integer(1)},
        .tag = TagId{row.integer(2)},
        .nvr = row.text(3),
        .tag_name = row.text(4),
        .state = static_cast<PublicationState>(row.integer(5)),
        .created_us = row.integer(6),
        .claimed_until_us = row.find_integer(7),
        .attempts = row.integer(8),
        .last_error = row.find_text(9),
        .receipt = row.find_text(10),
        .finished_us = row.find_integer(11)};
}

std::int64_t pause_after(std::int64_t attempts) noexcept {
    std::int64_t pause = kPauseFirst;
    for (std::int64_t i = 1; i < attempts && pause < kPauseMost; ++i)
        pause *= 2;
    return std::min(pause, kPauseMost);
}

sql::Value number(PublicationState state) {
    return static_cast<std::int64_t>(state);
}

}  // namespace

void Publications::enqueue(Call& call, BuildId build, TagId tag) const {
    if (call.sql()
            .query(
                "SELECT id FROM publication WHERE build_id = ? AND tag_id = ? AND state = 0",
                bound(build, tag))
            .empty())
        call.sql().insert(
            "INSERT INTO publication (build_id, tag_id, state, created, due, attempts)"
            " VALUES (?, ?, 0, ?, ?, 0)",
            bound(build, tag, call.now_us(), call.now_us()));
    call.ring(&Bells::publications);
}

std::vector<Publication> Publications::list(
    Call& call, const PublicationFilter& filter, const QueryOptions& options) const {
    Conditions conditions;
    if (filter.state) conditions.add("o.state = ?", {number(*filter.state)});
    conditions.add_if("o.build_id = ?", filter.build);
    conditions.add_if("o.tag_id = ?", filter.tag);
    std::vector<Publication> publications;
    for (const sql::Row& row : call.sql().query(
             std::string{kColumns} + conditions.where()
                 + order_and_page(
                     options,
                     {{"id", "o.id"}, {"finished", "o.finished", Nulls::Possible}},
                     "o.id"),
             conditions.parameters()))
        publications.push_back(read_publication(row));
    return publications;
}

std::optional<Publication> Publications::claim(Call& call, std::chrono::seconds lease) const {
    const sql::Rows rows = call.sql().query(
        std::string{kColumns}
            + " WHERE o.state = 0 AND o.due <= ? AND (o.claimed_until IS NULL OR o.claimed_until <="
              " ?) ORDER BY o.due, o.id LIMIT 1",
        bound(call.now_us(), call.now_us()));
    if (rows.empty()) return std::nullopt;
    Publication claimed = read_publication(rows[0]);
    const std::int64_t until = call.now_us() + lease.count() * kSecond;
    // Guarded by what was read: of two that claim at once one gets it.
    const std::int64_t changed = call.sql().execute(
        "UPDATE publication SET claimed_until = ?, attempts = attempts + 1 WHERE id = ? AND"
        " state = 0 AND attempts = ?",
        bound(until, claimed.id, claimed.attempts));
    if (changed == 0) return std::nullopt;
    claimed.claimed_until_us = until;
    ++claimed.attempts;
    return claimed;
}

void Publications::release_claims(Call& call) const {
    call.sql().execute(
        "UPDATE publication SET claimed_until = NULL WHERE state = 0 AND claimed_until IS NOT NULL",
        {});
}

void Publications::finish(Call& call, PublicationId publication, std::string_view receipt) const {
    call.sql().execute(
        "UPDATE publication SET state = ?, receipt = ?, finished = ?, claimed_until = NULL"
        " WHERE id = ? AND state <> ?",
        {number(PublicationState::Done),
         sql_value(receipt),
         call.now_us(),
         publication.value(),
         number(PublicationState::Done)});
}

void Publications::fail(Call& call, PublicationId publication, std::string_view error) const {
    const sql::Rows rows = call.sql().query(
        "SELECT attempts FROM publication WHERE id = ? AND state = 0", bound(publication));
    if (rows.empty()) return;
    const std::int64_t attempts = rows[0].integer(0);
    const auto state =
        attempts >= kPublicationAttemptsMax ? PublicationState::Failed : PublicationState::Pending;
    call.sql().execute(
        "UPDATE publication SET state = ?, last_error = ?, due = ?, claimed_until = NULL"
        " WHERE id = ? AND state = 0",
        {number(state),
         sanitize_utf8(error.substr(0, kErrorTextMax)),
         call.now_us() + pause_after(attempts),
         publication.value()});
}

void Publications::retry(Call& call, PublicationId publication) const {
    require_permission(call, "admin");
    if (call.sql().execute(
            "UPDATE publication SET state = 0, attempts = 0, due = ?, claimed_until = NULL"
            " WHERE id = ? AND state = 2",
            bound(call.now_us(), publication))
        == 0)
        throw Fault{
            FaultCode::GenericError, "publication " + publication.str() + " has not failed"};
    audit(call, "publication.retry", publication.str());
    call.ring(&Bells::publications);
}

std::optional<std::int64_t> Publications::next_due_us(Call& call) const {
    // Two columns rather than a function of both: the databases name that function differently.
    const sql::Rows rows = call.sql().query(
        "SELECT CASE WHEN claimed_until > due THEN claimed_until ELSE due END AS next"
        " FROM publication WHERE state = 0 ORDER BY next LIMIT 1");
    if (rows.empty()) return std::nullopt;
    return rows[0].integer(0);
}

}  // namespace nacre::hub
