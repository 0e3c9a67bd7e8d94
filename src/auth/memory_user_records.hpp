#pragma once

#include "auth/user_records.hpp"
#include "base/guarded.hpp"

#include <map>
#include <string>

namespace nacre::auth {

/// Keeps users in memory: for tests.
class MemoryUserRecords final : public UserRecords {
public:
    /// Adds or replaces.
    void set_user(const UserRecord& user);
    void set_token(const std::string& token_hash, const std::string& user);

    std::optional<UserRecord> find_user(const std::string& name) override;
    std::optional<UserRecord> find_user_of_token(const std::string& token_hash) override;

private:
    struct State {
        std::map<std::string, UserRecord> users;
        std::map<std::string, std::string> tokens;
    };

    Guarded<State> state_;
};

}  // namespace nacre::auth
