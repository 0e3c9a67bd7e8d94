#include "auth/memory_user_records.hpp"

namespace nacre::auth {
namespace {

std::optional<UserRecord> find_in(
    const std::map<std::string, UserRecord>& users, const std::string& name) {
    const auto found = users.find(name);
    if (found == users.end()) return std::nullopt;
    return found->second;
}

}  // namespace

void MemoryUserRecords::set_user(const UserRecord& user) {
    state_.lock()->users[user.name] = user;
}

void MemoryUserRecords::set_token(const std::string& token_hash, const std::string& user) {
    state_.lock()->tokens[token_hash] = user;
}

std::optional<UserRecord> MemoryUserRecords::find_user(const std::string& name) {
    return find_in(state_.lock()->users, name);
}

std::optional<UserRecord> MemoryUserRecords::find_user_of_token(const std::string& token_hash) {
    auto state = state_.lock();
    const auto found = state->tokens.find(token_hash);
    if (found == state->tokens.end()) return std::nullopt;
    return find_in(state->users, found->second);
}

}  // namespace nacre::auth
