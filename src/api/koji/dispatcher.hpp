#pragma once

#include "api/koji/method.hpp"
#include "auth/authenticator.hpp"

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace nacre::api::koji {

constexpr std::string_view kKojiVersion = "1.35.0";
constexpr std::size_t kMultiCallsMax = 10'000;

/// Koji's API over a hub: finds the method, binds its arguments, checks the session, runs it in one transaction.
/// Holds no rules: those are the hub's. Thread-safe. The HTTP face and a builder in the same process share one.
class Dispatcher {
public:
    /// Both outlive it. `authenticator` judges logins by password.
    Dispatcher(hub::Hub& hub, auth::Authenticator& authenticator);

    /// Throws koji::Fault, or another Error of which koji::fault_of() makes one, and auth::TooManyAttempts. What it changed
    /// is durable when it returns, and undone when it throws. Refusals are in the audit log.
    Value call(const CallHeaders& headers, std::string_view method, Array params) const;

    /// rawUpload. The body is in memory, so that no slow client holds a transaction.
    Value upload(
        const CallHeaders& headers,
        const hub::UploadTarget& target,
        const hub::UploadOptions& options,
        std::string_view body) const;

    /// For the methods that run others: one call inside that of `context`.
    Value run_inside(Context& context, std::string_view method, Array params) const;

    /// Notes that somebody was refused before a method was called.
    void note_refused_login(const std::string& peer, std::string who, std::string reason) const;

    /// By name.
    const std::map<std::string, Method, std::less<>>& methods() const noexcept { return methods_; }

private:
    struct Prepared {
        const Method* method = nullptr;
        Parameters parameters;
        sql::Access access = sql::Access::Read;
    };

    Prepared prepare(std::string_view method, Array params) const;
    sql::Access access_of(const Method& method, const Parameters& parameters) const;
    sql::Access access_of_call(const Value& call) const;
    void check_password(const CallHeaders& headers, const Parameters& parameters) const;
    hub::UploadReceipt store_upload(
        const CallHeaders& headers,
        const hub::UploadTarget& target,
        const hub::UploadOptions& options,
        std::string_view body,
        hub::Caller& caller) const;
    void open_session(Context& context, const Method& method) const;
    Value run(
        const CallHeaders& headers,
        const Prepared& prepared,
        hub::Caller& caller,
        std::vector<hub::RefusalNote>& refusals) const;

    hub::Hub& hub_;
    auth::Authenticator& authenticator_;
    std::map<std::string, Method, std::less<>> methods_;
};

}  // namespace nacre::api::koji
