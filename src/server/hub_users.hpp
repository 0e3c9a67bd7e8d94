#pragma once

#include "api/distgit/callers.hpp"
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
