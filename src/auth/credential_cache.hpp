#pragma once

#include "base/clock.hpp"
#include "base/secret.hpp"

#include <array>
#include <chrono>
#include <cstddef>
#include <map>
#include <string>

namespace nacre::auth {

struct CacheLimits {
    std::chrono::seconds lifetime{120};
    std::size_t entries_max = 1'000;
};

/// Remembers for a short time that a password was right for a hash, so that the many requests of one git command cost
/// one Argon2. Keys are keyed BLAKE2b of user, stored hash and password under a random key of this object: a dump of
/// the table gives no password, and a changed password misses. Confined to one thread or one lock.
class CredentialCache {
public:
    explicit CredentialCache(const CacheLimits& limits = {});

    bool has(
        const std::string& user,
        const std::string& hash,
        const Secret& password,
        SteadyTime now) const;
    void add(
        const std::string& user, const std::string& hash, const Secret& password, SteadyTime now);

    std::size_t size() const noexcept { return entries_.size(); }

private:
    using Key = std::array<unsigned char, 32>;

    Key key_of(const std::string& user, const std::string& hash, const Secret& password) const;
    void make_room(SteadyTime now);

    CacheLimits limits_;
    Key process_key_{};
    std::map<Key, SteadyTime> entries_;  ///< with when each expires
};

}  // namespace nacre::auth
