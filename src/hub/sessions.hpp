#pragma once

#include "base/random.hpp"
#include "base/secret.hpp"
#include "hub/call.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace nacre::hub {

struct SessionRules {
    std::chrono::minutes renewal_timeout{1440};  ///< Koji's SessionRenewalTimeout; 0: never expires
    bool check_client_address = true;            ///< Koji's CheckClientIP
    bool login_creates_user = false;             ///< Koji's LoginCreatesUser
};

/// What login methods answer: {"session-id", "session-key", "header-auth": true}.
struct SessionCredentials {
    SessionId id;
    std::string key;
};

/// What a request brings with it, by headers or by query string.
struct PresentedSession {
    SessionId id;
    std::string key;
    std::optional<std::int64_t> callnum;
};

struct Session {
    SessionId id;
    UserId user;
    std::optional<SessionId> master;
    AuthType authtype = AuthType::Normal;
    std::string address;
    std::int64_t callnum = -1;  ///< -1: none committed yet
    std::int64_t start_us = 0;
    std::int64_t update_us = 0;
    std::optional<std::int64_t> renew_us;
    bool exclusive = false;
    bool expired = false;
};

struct LoginOptions {
    AuthType authtype = AuthType::Normal;
    bool renew = false;      ///< the caller's (perhaps expired) session goes on with a new key
    bool exclusive = false;  ///< as exclusive(), without force
    std::optional<std::string> principal;  ///< of a user that the login creates
};

enum class Force : std::uint8_t { No, Yes };

/// Koji's sessions (reference C.1.5). Thread-safe.
class Sessions {
public:
    Sessions(SessionRules rules, Random& random) : rules_{rules}, random_{random} {}

    /// For a user name that was verified (by password, certificate or ticket). Sets the call's caller.
    /// Faults: 1002 for unknown and blocked users, 1006 when locked by an exclusive session.
    SessionCredentials login(
        Call& call,
        std::string_view user_name,
        std::string_view address,
        const LoginOptions& options) const;

    /// Sets the caller of `call` and its callnum. `method` decides what an expired session may do still and
    /// which calls may be run twice. Faults 1002, 1006, 1007, 1008, 1009.
    void authenticate(
        Call& call,
        const PresentedSession& presented,
        std::string_view address,
        std::string_view method) const;

    /// The caller's session or, for its owner or an admin, another one; subsessions end with it.
    void logout(Call& call, std::optional<SessionId> session = {}) const;
    void logout_child(Call& call, SessionId session) const;
    SessionCredentials subsession(Call& call) const;
    void make_exclusive(Call& call, Force force) const;
    void make_shared(Call& call) const;

    std::optional<Session> find(Call& call, SessionId session) const;
    std::vector<Session> list(Call& call, UserId user) const;

    /// Marks old sessions expired and removes what ended long ago; returns how many it touched.
    std::int64_t sweep(Call& call) const;

private:
    std::string new_key(UserId user) const;

    SessionRules rules_;
    Random& random_;
};

}  // namespace nacre::hub
