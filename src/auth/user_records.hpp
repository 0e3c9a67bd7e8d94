#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace nacre::auth {

enum class UserStatus : std::uint8_t { Active, Blocked };

struct UserRecord {
    std::string name;
    UserStatus status = UserStatus::Active;
    std::string password_hash;  ///< as hash_password() makes it; empty: no login by password
};

/// Where the users are. Thread-safe.
class UserRecords {
public:
    virtual ~UserRecords() = default;
    virtual std::optional<UserRecord> find_user(const std::string& name) = 0;

    /// The user whose token has this hash_token(), and nothing for a token that expired.
    virtual std::optional<UserRecord> find_user_of_token(const std::string& token_hash) = 0;
};

}  // namespace nacre::auth
