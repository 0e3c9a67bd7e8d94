#include "hub/audit.hpp"

#include "base/error.hpp"
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
        sanitize_utf8(subject.substr(0, kAuditTextMax)),
        sanitize_utf8(detail.substr(0, kAuditTextMax)));
}

}  // namespace

void audit(Call& call, std::string_view action, std::string_view subject, std::string_view detail) {
    call.sql().execute(kInsert, record(call.now_us(), call.caller(), action, subject, detail));
}

bool RefusalNotes::admit_stranger(std::int64_t& omitted) {
    const SteadyTime now = clock_.steady_now();
    auto window = window_.lock();
    if (window->end <= now) {
        omitted = window->omitted;
        *window = {.end = now + kStrangerWindow};
    }
    if (window->noted >= kStrangerRefusalsMax) {
        ++window->omitted;
        return false;
    }
    ++window->noted;
    return true;
}

void RefusalNotes::write(
    const Caller& caller, const std::vector<RefusalNote>& refusals, std::int64_t omitted) {
    const auto now =
        std::chrono::duration_cast<std::chrono::microseconds>(clock_.wall_now().time_since_epoch());
    const auto transaction = database_.begin(sql::Access::Write);
    if (omitted > 0)
        transaction->execute(
            kInsert,
            record(
                now.count(),
                Caller{},
                "refusals.omitted",
                std::to_string(omitted),
                "refusals of strangers, too many to note each"));
    for (const RefusalNote& refusal : refusals)
        transaction->execute(
            kInsert, record(now.count(), caller, refusal.action, refusal.subject, refusal.reason));
    transaction->commit();
}

void RefusalNotes::note(const Caller& caller, const std::vector<RefusalNote>& refusals) {
    if (refusals.empty()) return;
    std::int64_t omitted = 0;
    if (!caller.user && !admit_stranger(omitted)) return;
    try {
        write(caller, refusals, omitted);
    } catch (const Error& error) {
        log_.error("audit.failed", {{"error", error.describe()}});
    }
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
