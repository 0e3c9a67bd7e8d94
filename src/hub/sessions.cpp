#include "hub/sessions.hpp"

#include "hub/audit.hpp"
#include "hub/permissions.hpp"
#include "hub/statement.hpp"
#include "hub/users.hpp"
#include "koji/fault.hpp"

#include <algorithm>
#include <array>

namespace nacre::hub {
namespace {

using koji::Fault;
using koji::FaultCode;

constexpr std::size_t kKeyLength = 24;
constexpr std::chrono::hours kEndedSessionsKept{24 * 30};

// Koji's RetryWhitelist: running them twice does no harm (reference C.1.5 item 4).
constexpr std::array<std::string_view, 8> kRetryable{
    "host.taskWait",
    "host.taskUnwait",
    "host.taskSetWait",
    "host.updateHost",
    "host.setBuildRootState",
    "repoExpire",
    "repoDelete",
    "repoProblem"};
constexpr std::array<std::string_view, 2> kLoginMethods{"login", "sslLogin"};
constexpr std::array<std::string_view, 6> kAllowedWhenLocked{
    "login", "sslLogin", "logout", "exclusiveSession", "getLoggedInUser", "getAPIVersion"};

template <std::size_t N>
bool contains(const std::array<std::string_view, N>& names, std::string_view name) noexcept {
    return std::find(names.begin(), names.end(), name) != names.end();
}

constexpr std::string_view kColumns =
    "SELECT s.id, s.user_id, s.master, s.authtype, s.hostip, s.callnum, s.start_time,"
    " s.update_time, s.renew_time, s.exclusive, s.expired, s.session_key, s.closed, u.name,"
    " u.usertype, u.status, (SELECT x.id FROM sessions x WHERE x.user_id = s.user_id AND"
    " x.exclusive = 1 AND x.closed = 0) AS locked_by FROM sessions s JOIN users u"
    " ON u.id = s.user_id";

Session read_session(const sql::Row& row) {
    return Session{
        .id = SessionId{row.integer(0)},
        .user = UserId{row.integer(1)},
        .master = find_id<SessionId>(row, 2),
        .authtype = static_cast<AuthType>(row.integer(3)),
        .address = row.text(4),
        .callnum = row.find_integer(5).value_or(-1),
        .start_us = row.integer(6),
        .update_us = row.integer(7),
        .renew_us = row.find_integer(8),
        .exclusive = !row.is_null(9),
        .expired = row.integer(10) != 0};
}

[[noreturn]] void refuse_credentials() {
    throw Fault{FaultCode::AuthError, "Invalid session or bad credentials"};
}

/// A comparison whose time does not tell how much of a key was right.
bool same_key(std::string_view a, std::string_view b) noexcept {
    if (a.size() != b.size()) return false;
    unsigned difference = 0;
    for (std::size_t i = 0; i < a.size(); ++i)
        difference |= static_cast<unsigned>(static_cast<unsigned char>(a[i]))
                      ^ static_cast<unsigned>(static_cast<unsigned char>(b[i]));
    return difference == 0;
}

void refuse_blocked(const std::string& name, UserStatus status) {
    if (status == UserStatus::Blocked)
        throw Fault{FaultCode::AuthError, "logins by " + name + " are not allowed"};
}

void check_callnum(
    const Session& session, const std::optional<std::int64_t>& callnum, std::string_view method) {
    if (!callnum || *callnum > session.callnum) return;
    if (*callnum < session.callnum)
        throw Fault{
            FaultCode::SequenceError,
            std::to_string(session.callnum) + " > " + std::to_string(*callnum) + " (session "
                + session.id.str() + ")"};
    if (contains(kRetryable, method)) return;
    throw Fault{
        FaultCode::RetryError,
        "unable to retry call " + std::to_string(*callnum) + " (method " + std::string{method}
            + ") for session " + session.id.str()};
}

void require_session(const Call& call) {
    if (!call.caller().session) throw Fault{FaultCode::AuthError, "Not logged in"};
}

/// A principal names its user by what is before the realm.
std::string created_name(std::string_view name, const LoginOptions& options) {
    return std::string{options.principal ? name.substr(0, name.rfind('@')) : name};
}

}  // namespace

std::string Sessions::new_key(UserId user) const {
    return user.str() + "-" + random_word(random_, kKeyLength);
}

SessionCredentials Sessions::login(
    Call& call,
    std::string_view user_name,
    std::string_view address,
    const LoginOptions& options) const {
    const Users users;
    auto user = users.find(call, std::string{user_name});
    if (!user && rules_.login_creates_user) {
        const std::string name = created_name(user_name, options);
        users.insert(call, NewUser{.name = name, .krb_principal = options.principal});
        user = users.find(call, name);
        audit(call, "login.user_created", user->name, options.principal.value_or(""));
    }
    if (!user) throw Fault{FaultCode::AuthError, "Unknown user: " + std::string{user_name}};
    if (user->type == UserType::Group)
        throw Fault{FaultCode::AuthError, "groups may not log in: " + user->name};
    refuse_blocked(user->name, user->status);

    Caller caller{
        .user = user->id,
        .name = user->name,
        .type = user->type,
        .authtype = options.authtype,
        .address = std::string{address}};
    const std::string key = new_key(user->id);
    if (options.renew) {
        require_session(call);
        if (call.caller().user != user->id)
            throw Fault{FaultCode::AuthError, "a session is renewed by its own user only"};
        caller.session = call.caller().session;
        caller.master = call.caller().master;
        caller.exclusive = call.caller().exclusive;
        call.sql().execute(
            "UPDATE sessions SET session_key = ?, hostip = ?, expired = 0, renew_time = ?,"
            " update_time = ?, callnum = NULL WHERE id = ?",
            bound(key, address, call.now_us(), call.now_us(), *caller.session));
    } else {
        caller.session = SessionId{call.sql().insert(
            "INSERT INTO sessions (user_id, session_key, authtype, hostip, start_time, update_time,"
            " expired, closed) VALUES (?, ?, ?, ?, ?, ?, 0, 0)",
            bound(
                user->id,
                key,
                static_cast<std::int64_t>(options.authtype),
                address,
                call.now_us(),
                call.now_us()))};
    }
    const SessionId session = *caller.session;
    call.set_caller(std::move(caller));
    // The client counts from 0 after a login: the number that this call came with is of the time before.
    call.set_callnum({});
    if (options.exclusive) make_exclusive(call, Force::No);
    return {session, key};
}

void Sessions::authenticate(
    Call& call,
    const PresentedSession& presented,
    std::string_view address,
    std::string_view method) const {
    const sql::Rows rows =
        call.sql().query(std::string{kColumns} + " WHERE s.id = ?", bound(presented.id));
    if (rows.empty()) refuse_credentials();
    const sql::Row& row = rows[0];
    const Session session = read_session(row);
    if (!same_key(row.text(11), presented.key) || row.integer(12) != 0) refuse_credentials();
    if (rules_.check_client_address && session.address != address) refuse_credentials();
    refuse_blocked(row.text(13), static_cast<UserStatus>(row.integer(15)));

    const auto timeout =
        std::chrono::duration_cast<std::chrono::microseconds>(rules_.renewal_timeout).count();
    const std::int64_t fresh_us = session.renew_us.value_or(session.start_us);
    const bool expired = session.expired || (timeout > 0 && call.now_us() - fresh_us > timeout);
    if (expired && !contains(kLoginMethods, method) && method != "logout")
        throw Fault{FaultCode::AuthExpired, "session \"" + session.id.str() + "\" has expired"};
    if (!expired) check_callnum(session, presented.callnum, method);

    const auto locked_by = find_id<SessionId>(row, 16);
    const bool exclusive = locked_by && (*locked_by == session.id || locked_by == session.master);
    if (locked_by && !exclusive && !contains(kAllowedWhenLocked, method))
        throw Fault{FaultCode::AuthLockError, "User locked by another session"};
    call.set_caller(Caller{
        .user = session.user,
        .name = row.text(13),
        .type = static_cast<UserType>(row.integer(14)),
        .authtype = session.authtype,
        .session = session.id,
        .master = session.master,
        .exclusive = exclusive,
        .address = std::string{address}});
    if (presented.callnum) call.set_callnum(presented.callnum);
}

void Sessions::logout(Call& call, std::optional<SessionId> session) const {
    require_session(call);
    const SessionId target = session.value_or(*call.caller().session);
    if (target != *call.caller().session) {
        const auto known = find(call, target);
        if (!known) throw Fault{FaultCode::GenericError, "Invalid session: " + target.str()};
        if (known->user != *call.caller().user) {
            require_permission(call, "admin");
            audit(call, "session.logout", target.str());
        }
    }
    call.sql().execute(
        "UPDATE sessions SET closed = 1, expired = 1, exclusive = NULL WHERE id = ? OR master = ?",
        bound(target, target));
}

void Sessions::logout_child(Call& call, SessionId session) const {
    require_session(call);
    call.sql().execute(
        "UPDATE sessions SET closed = 1, expired = 1, exclusive = NULL WHERE id = ? AND master = ?",
        bound(session, *call.caller().session));
}

SessionCredentials Sessions::subsession(Call& call) const {
    require_session(call);
    const Caller& caller = call.caller();
    const SessionId master = caller.master.value_or(*caller.session);
    const std::string key = new_key(*caller.user);
    const SessionId id{call.sql().insert(
        "INSERT INTO sessions (user_id, session_key, master, authtype, hostip, start_time,"
        " update_time, expired, closed) VALUES (?, ?, ?, ?, ?, ?, ?, 0, 0)",
        bound(
            *caller.user,
            key,
            master,
            static_cast<std::int64_t>(caller.authtype),
            std::string_view{caller.address},
            call.now_us(),
            call.now_us()))};
    return {id, key};
}

void Sessions::make_exclusive(Call& call, Force force) const {
    require_session(call);
    if (call.caller().master)
        throw Fault{FaultCode::GenericError, "subsessions cannot become exclusive"};
    const SessionId mine = *call.caller().session;
    const sql::Rows rows = call.sql().query(
        "SELECT id FROM sessions WHERE user_id = ? AND exclusive = 1 AND closed = 0",
        bound(*call.caller().user));
    if (!rows.empty() && rows[0].integer(0) != mine.value()) {
        if (force == Force::No)
            throw Fault{FaultCode::AuthLockError, "Cannot get exclusive session"};
        // The one that had it is over, as in Koji: its builder may not go on beside the new one.
        call.sql().execute(
            "UPDATE sessions SET closed = 1, expired = 1, exclusive = NULL"
            " WHERE id = ? OR master = ?",
            bound(rows[0].integer(0), rows[0].integer(0)));
    }
    call.sql().execute("UPDATE sessions SET exclusive = 1 WHERE id = ?", bound(mine));
    Caller caller = call.caller();
    caller.exclusive = true;
    call.set_caller(std::move(caller));
}

void Sessions::make_shared(Call& call) const {
    require_session(call);
    call.sql().execute(
        "UPDATE sessions SET exclusive = NULL WHERE id = ?", bound(*call.caller().session));
    Caller caller = call.caller();
    caller.exclusive = false;
    call.set_caller(std::move(caller));
}

std::optional<Session> Sessions::find(Call& call, SessionId session) const {
    const sql::Rows rows =
        call.sql().query(std::string{kColumns} + " WHERE s.id = ?", bound(session));
    if (rows.empty()) return std::nullopt;
    return read_session(rows[0]);
}

std::vector<Session> Sessions::list(Call& call, UserId user) const {
    std::vector<Session> sessions;
    for (const sql::Row& row : call.sql().query(
             std::string{kColumns} + " WHERE s.user_id = ? AND s.closed = 0 ORDER BY s.id",
             bound(user)))
        sessions.push_back(read_session(row));
    return sessions;
}

std::int64_t Sessions::sweep(Call& call) const {
    std::int64_t touched = 0;
    if (rules_.renewal_timeout.count() > 0) {
        const auto timeout =
            std::chrono::duration_cast<std::chrono::microseconds>(rules_.renewal_timeout).count();
        touched += call.sql().execute(
            "UPDATE sessions SET expired = 1 WHERE expired = 0 AND COALESCE(renew_time, start_time)"
            " < ?",
            bound(call.now_us() - timeout));
    }
    const auto kept =
        std::chrono::duration_cast<std::chrono::microseconds>(kEndedSessionsKept).count();
    const std::int64_t before = call.now_us() - kept;
    touched += call.sql().execute(
        "DELETE FROM sessions WHERE expired = 1 AND update_time < ? AND master IS NOT NULL",
        bound(before));
    touched += call.sql().execute(
        "DELETE FROM sessions WHERE expired = 1 AND update_time < ? AND NOT EXISTS"
        " (SELECT 1 FROM sessions c WHERE c.master = sessions.id)",
        bound(before));
    return touched;
}

}  // namespace nacre::hub
