#pragma once

#include "base/clock.hpp"
#include "hub/bell.hpp"
#include "hub/ids.hpp"
#include "hub/states.hpp"
#include "sql/database.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace nacre::hub {

/// Who calls. Without a user and not the service: anonymous.
struct Caller {
    std::optional<UserId> user;
    std::string name;
    UserType type = UserType::Normal;
    AuthType authtype = AuthType::Normal;
    std::optional<SessionId> session;
    std::optional<SessionId> master;  ///< the session that this one is a subsession of
    bool exclusive = false;           ///< the session, or its master, is the user's exclusive one
    std::string address;              ///< of the peer; empty inside the process
    bool is_service = false;          ///< the hub itself: may do everything

    static Caller service();
};

/// One call of the API: one transaction, who calls, and the time, which stands still for the length of
/// the call. Nothing of it happened unless commit() returned. Confined to one thread.
class Call {
public:
    Call(sql::Database& database, sql::Access access, const Clock& clock, Bells& bells);
    Call(Call&&) noexcept;
    ~Call();

    sql::Transaction& sql() noexcept;

    const Caller& caller() const noexcept { return caller_; }

    /// Permissions remembered for the last caller are forgotten.
    void set_caller(Caller caller);

    WallTime now() const noexcept { return now_; }

    /// now() in microseconds since 1970: how every time is stored.
    std::int64_t now_us() const noexcept;

    /// The configuration event of this call; a call makes at most one, when it changes something first.
    EventId event();

    /// commit() stores it with the changes; a call that wrote nothing stores nothing (reference C.1.5).
    void set_callnum(std::optional<std::int64_t> callnum) { callnum_ = callnum; }

    /// Rings after the commit, in all processes, not when it never comes.
    void ring(Bell Bells::* bell);

    /// For what is outside of the database: `undo` runs, the last one first, when the changes made so far are
    /// rolled back, but not when it is unknown whether a commit was applied; `then` runs after the commit. Neither may
    /// throw.
    void on_rollback(std::function<void()> undo);
    void after_commit(std::function<void()> then);

    /// Runs `body` so that it can be undone alone: when it throws, its changes, its event and its rings
    /// are undone and the exception goes on. For the calls inside a multiCall.
    void attempt(const std::function<void()>& body);

    /// Durable when it returns; then the bells ring. Nothing may be called after it.
    void commit();

    /// What users' permissions are, remembered for the length of the call: see permissions.hpp.
    std::optional<std::set<std::string, std::less<>>>& remembered_permissions() noexcept {
        return permissions_;
    }

private:
    class WatchedTransaction;

    void run_undo(std::size_t keep) noexcept;

    Bells* bells_;
    WallTime now_;
    Caller caller_;
    std::unique_ptr<WatchedTransaction> sql_;
    std::optional<EventId> event_;
    std::optional<std::int64_t> callnum_;
    std::vector<Bell Bells::*> rings_;
    std::vector<std::function<void()>> undo_;
    std::vector<std::function<void()>> then_;
    std::optional<std::set<std::string, std::less<>>> permissions_;
    int depth_ = 0;
};

}  // namespace nacre::hub
