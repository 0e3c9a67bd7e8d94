#pragma once

#include "api/distgit/callers.hpp"
#include "auth/authenticator.hpp"
#include "auth/user_records.hpp"
#include "hub/hub.hpp"

#include <optional>
#include <string>

namespace nacre::server {

/// The hub's users for those who check passwords. Thread-safe.
class HubUserRecords final : public auth::UserRecords {
public:
    explicit HubUserRecords(hub::Hub& hub) : hub_{hub} {}

    std::optional<auth::UserRecord> find_user(const std::string& name) override;
    std::optional<auth::UserRecord> find_user_of_token(const std::string& token_hash) override;

private:
    hub::Hub& hub_;
};

/// Another authenticator, whose refusals go to the audit log of the hub. Thread-safe.
class NotingAuthenticator final : public auth::Authenticator {
public:
    /// Both outlive it.
    NotingAuthenticator(auth::Authenticator& inner, hub::Hub& hub) : inner_{inner}, hub_{hub} {}

    std::optional<auth::Identity> authenticate(
        const auth::Credentials& credentials, const std::string& peer) override;

private:
    void note(
        const auth::Credentials& credentials, const std::string& peer, std::string reason) const;

    auth::Authenticator& inner_;
    hub::Hub& hub_;
};

/// Users with the hub's permission "admin". Thread-safe.
class HubAdministrators final : public api::distgit::Administrators {
public:
    explicit HubAdministrators(hub::Hub& hub) : hub_{hub} {}

    bool exists(const std::string& user) const override;
    bool is_administrator(const std::string& user) const override;

private:
    hub::Hub& hub_;
};

}  // namespace nacre::server
