#pragma once

#include "base/log.hpp"
#include "hub/call.hpp"
#include "hub/planner.hpp"

#include <stop_token>

namespace nacre::hub {

/// Hosts, what they hold, and refusals; all of it is bounded by what hosts can hold, not by the queue.
HostsView read_hosts_view(Call& call, const SchedulerRules& rules);

struct PassReport {
    std::size_t assigned = 0;
    std::size_t released = 0;
    bool is_unfinished = false;  ///< there is more to assign: another pass has to follow
};

/// How often a process that does not schedule looks whether it should.
inline constexpr std::chrono::milliseconds kStandByPause{1000};

/// Runs passes when Bells::work rings, and from time to time for what time alone changes.
class Scheduler {
public:
    Scheduler(
        sql::Database& database, const Clock& clock, Bells& bells, SchedulerRules rules, Log log);

    /// One pass: plans from a snapshot, without keeping writers out, and writes what still holds. Thread-safe, also
    /// between processes: a host that another pass gave something meanwhile gets nothing.
    PassReport pass();
    /// Until `stop`: the body of a thread of its own. Of several processes over one database one runs passes, the others
    /// look every kStandByPause whether it is gone.
    void run(const std::stop_token& stop);

private:
    PassReport write(const Plan& plan, const HostsView& before);
    bool is_in_turn();
    bool release(Call& call, const Release& release) const;

    sql::Database& database_;
    const Clock& clock_;
    Bells& bells_;
    SchedulerRules rules_;
    Log log_;
    std::unique_ptr<sql::Lock> turn_;  ///< run()'s own
};

}  // namespace nacre::hub
