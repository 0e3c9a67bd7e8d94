#pragma once

#include "hub/call.hpp"
#include "hub/query.hpp"

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

/// Notes a refusal in a transaction of its own: that of the refused call is rolled back.
void audit_refusal(
    sql::Database& database,
    const Clock& clock,
    const Caller& caller,
    std::string_view method,
    std::string_view reason);

/// The newest first.
std::vector<AuditRecord> read_audit(Call& call, const QueryOptions& options = {});

}  // namespace nacre::hub
