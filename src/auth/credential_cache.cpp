#include "auth/credential_cache.hpp"

#include "base/bytes.hpp"
#include "base/error.hpp"

#include <sodium.h>

#include <algorithm>
#include <cstdint>

namespace nacre::auth {
namespace {

void add_part(crypto_generichash_state& state, const std::string& part) {
    // With its length before it, "ab" + "c" is not "a" + "bc".
    const std::uint64_t size = part.size();
    crypto_generichash_update(&state, reinterpret_cast<const unsigned char*>(&size), sizeof size);
    crypto_generichash_update(
        &state, reinterpret_cast<const unsigned char*>(part.data()), part.size());
}

}  // namespace

CredentialCache::CredentialCache(const CacheLimits& limits) : limits_{limits} {
    if (sodium_init() < 0)
        throw Error{ErrorCode::Internal, "cannot initialise libsodium: no source of randomness"};
    randombytes_buf(process_key_.data(), process_key_.size());
}

CredentialCache::Key CredentialCache::key_of(
    const std::string& user, const std::string& hash, const Secret& password) const {
    Key key{};
    crypto_generichash_state state;
    crypto_generichash_init(&state, process_key_.data(), process_key_.size(), key.size());
    add_part(state, user);
    add_part(state, hash);
    add_part(state, password.reveal());
    crypto_generichash_final(&state, key.data(), key.size());
    return key;
}

bool CredentialCache::has(
    const std::string& user,
    const std::string& hash,
    const Secret& password,
    SteadyTime now) const {
    const auto found = entries_.find(key_of(user, hash, password));
    return found != entries_.end() && found->second > now;
}

void CredentialCache::add(
    const std::string& user, const std::string& hash, const Secret& password, SteadyTime now) {
    make_room(now);
    entries_[key_of(user, hash, password)] = now + limits_.lifetime;
}

void CredentialCache::make_room(SteadyTime now) {
    if (entries_.size() < limits_.entries_max) return;
    std::erase_if(entries_, [now](const auto& entry) { return entry.second <= now; });
    if (entries_.size() < limits_.entries_max) return;
    entries_.erase(
        std::ranges::min_element(entries_, {}, [](const auto& entry) { return entry.second; }));
}

}  // namespace nacre::auth
