#include "hub/audit.hpp"

#include "base/text.hpp"
#include "hub/statement.hpp"

namespace nacre::hub {
namespace {

constexpr std::size_t kAuditTextMax = 2000;
constexpr std::string_view kInsert =
    "INSERT INTO audit_log (time, user_name, address, action, subject, detail)"
    " VALUES (?, ?, ?, ?, ?, ?)";

sql::Parameters record(
    std::int64_t time_us,
    const Caller& caller,
    std::string_view action,
    std::string_view subject,
    std::string_view detail) {
    return bound(
        time_us,
        std::string_view{caller.name},
        std::string_view{caller.address},
        action,
        subject.substr(0, kAuditTextMax),
        sanitize_utf8(detail.substr(0, kAuditTextMax)));
}

}  // namespace

void audit(Call& call, std::string_view action, std::string_view subject, std::string_view detail) {
    call.sql().execute(kInsert, record(call.now_us(), call.caller(), action, subject, detail));
}

void audit_refusal(
    sql::Database& database,
    const Clock& clock,
    const Caller& caller,
    std::string_view method,
    std::string_view reason) {
    const auto now =
        std::chrono::duration_cast<std::chrono::microseconds>(clock.wall_now().time_since_epoch());
    const auto transaction = database.begin(sql::Access::Write);
    transaction->execute(kInsert, record(now.count(), caller, "call.refused", method, reason));
    transaction->commit();
}

std::vector<AuditRecord> read_audit(Call& call, const QueryOptions& options) {
    std::vector<AuditRecord> records;
    for (const sql::Row& row : call.sql().query(
             "SELECT id, time, user_name, address, action, subject, detail FROM audit_log"
             + order_and_page(options, {{"id", "id"}, {"time", "time"}}, "id DESC")))
        records.push_back(
            {row.integer(0),
             row.integer(1),
             row.text(2),
             row.text(3),
             row.text(4),
             row.text(5),
             row.text(6)});
    return records;
}

}  // namespace nacre::hub
