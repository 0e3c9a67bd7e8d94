#pragma once

#include "base/guarded.hpp"
#include "base/log.hpp"
#include "hub/call.hpp"
#include "hub/query.hpp"

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

namespace nacre::hub {

struct AuditRecord {
    std::int64_t id = 0;
    std::int64_t time_us = 0;
    std::string user;     ///< empty: anonymous
    std::string address;  ///< of the peer
    std::string action;   ///< "permission.grant", "call.refused", ...
    std::string subject;  ///< what it was done to
    std::string detail;
};

/// Notes a privileged act in the transaction that does it.
void audit(
    Call& call, std::string_view action, std::string_view subject, std::string_view detail = {});

/// A refusal as the audit log has it.
struct RefusalNote {
    std::string action;   ///< "call.refused", "login.refused", ...
    std::string subject;  ///< the method, or who somebody said to be
    std::string reason;
};

/// Refusals of callers that nobody knows, which are noted in one window; what is beyond them is counted only.
inline constexpr int kStrangerRefusalsMax = 200;
inline constexpr std::chrono::seconds kStrangerWindow{60};

/// Notes refusals in transactions of their own: that of a refused call is rolled back. Strangers cannot fill the disk
/// with them. Thread-safe.
class RefusalNotes {
public:
    /// All outlive it.
    RefusalNotes(sql::Database& database, const Clock& clock, Log log)
        : database_{database},
          clock_{clock},
          log_{log} {}

    /// Not inside a transaction of the caller. A note that cannot be written is an error in the log of the service:
    /// whoever was refused is told why all the same.
    void note(const Caller& caller, const std::vector<RefusalNote>& refusals);

private:
    struct Window {
        SteadyTime end;
        int noted = 0;
        std::int64_t omitted = 0;
    };

    bool admit_stranger(std::int64_t& omitted);
    void write(
        const Caller& caller, const std::vector<RefusalNote>& refusals, std::int64_t omitted);

    sql::Database& database_;
    const Clock& clock_;
    Log log_;
    Guarded<Window> window_;
};

/// The newest first.
std::vector<AuditRecord> read_audit(Call& call, const QueryOptions& options = {});

}  // namespace nacre::hub
