#pragma once

#include "auth/attempt_limiter.hpp"
#include "auth/authenticator.hpp"
#include "auth/credential_cache.hpp"
#include "auth/user_records.hpp"
#include "base/clock.hpp"
#include "base/guarded.hpp"

#include <optional>
#include <semaphore>
#include <string>

namespace nacre::auth {

/// Passwords that may be hashed at the same time.
inline constexpr std::ptrdiff_t kHashingPlacesMax = 4;
using HashingPlaces = std::counting_semaphore<kHashingPlacesMax>;

/// Checks passwords and tokens against user records.
class RecordAuthenticator final : public Authenticator {
public:
    /// Both outlive it.
    RecordAuthenticator(
        UserRecords& records,
        const Clock& clock,
        const AttemptLimits& attempts = {},
        const CacheLimits& cache = {});

    std::optional<Identity> authenticate(
        const Credentials& credentials, const std::string& peer) override;

private:
    std::optional<Identity> by_password(
        const PasswordCredentials& credentials, const std::string& peer);
    std::optional<Identity> by_token(const TokenCredentials& credentials, const std::string& peer);
    bool is_right(const std::optional<UserRecord>& record, const Secret& password);
    void require_attempt(const std::string& user, const std::string& peer);

    UserRecords& records_;
    const Clock& clock_;
    Guarded<AttemptLimiter> limiter_;
    Guarded<CredentialCache> cache_;
    HashingPlaces places_{kHashingPlacesMax};
};

}  // namespace nacre::auth
