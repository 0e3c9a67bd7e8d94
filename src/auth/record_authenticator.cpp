#include "auth/record_authenticator.hpp"

#include "auth/password.hpp"
#include "base/error.hpp"
#include "base/text.hpp"

namespace nacre::auth {
namespace {

constexpr std::size_t kUserBytesMax = 255;
constexpr std::size_t kTokenBytesMax = 1024;
constexpr std::chrono::seconds kHashingWaitMax{5};

/// Failed tokens of one peer count together: a wrong token names no user.
const std::string kAnyUser;

/// One of the few places where a password may be hashed at the same time: each takes 32 MiB.
class HashingPlace {
public:
    explicit HashingPlace(HashingPlaces& places) : places_{places} {
        if (!places_.try_acquire_for(kHashingWaitMax))
            throw Error{ErrorCode::Unavailable, "too many logins at once"}.with_hint(
                "try again in a few seconds");
    }

    HashingPlace(const HashingPlace&) = delete;
    HashingPlace& operator=(const HashingPlace&) = delete;

    ~HashingPlace() { places_.release(); }

private:
    HashingPlaces& places_;
};

Identity admit(const UserRecord& record, std::string method) {
    if (record.status == UserStatus::Blocked)
        throw Error{
            ErrorCode::PermissionDenied, "user " + nacre::quoted(record.name) + " is blocked"}
            .with_hint("ask an administrator of the hub");
    return {record.name, std::move(method)};
}

}  // namespace

TooManyAttempts::TooManyAttempts(const std::string& message, std::chrono::seconds retry_after)
    : Error{ErrorCode::ResourceExhausted, message},
      retry_after_{retry_after} {
    set_hint("try again in " + std::to_string(retry_after.count()) + " seconds");
}

RecordAuthenticator::RecordAuthenticator(
    UserRecords& records,
    const Clock& clock,
    const AttemptLimits& attempts,
    const CacheLimits& cache)
    : records_{records},
      clock_{clock},
      limiter_{attempts},
      cache_{cache} {}

std::optional<Identity> RecordAuthenticator::authenticate(
    const Credentials& credentials, const std::string& peer) {
    if (const auto* password = std::get_if<PasswordCredentials>(&credentials))
        return by_password(*password, peer);
    return by_token(std::get<TokenCredentials>(credentials), peer);
}

void RecordAuthenticator::require_attempt(const std::string& user, const std::string& peer) {
    const auto wait = limiter_.lock()->find_wait(user, peer, clock_.steady_now());
    if (wait) throw TooManyAttempts{"too many wrong passwords or tokens from " + peer, *wait};
}

std::optional<Identity> RecordAuthenticator::by_password(
    const PasswordCredentials& credentials, const std::string& peer) {
    const std::string& user = credentials.user;
    if (user.empty() || user.size() > kUserBytesMax
        || credentials.password.reveal().size() > kPasswordBytesMax)
        return std::nullopt;
    require_attempt(user, peer);
    const std::optional<UserRecord> record = records_.find_user(user);
    if (!is_right(record, credentials.password)) {
        limiter_.lock()->record_failure(user, peer, clock_.steady_now());
        return std::nullopt;
    }
    limiter_.lock()->record_success(user, peer, clock_.steady_now());
    return admit(*record, "password");
}

bool RecordAuthenticator::is_right(
    const std::optional<UserRecord>& record, const Secret& password) {
    if (!record || record->password_hash.empty()) {
        const HashingPlace place{places_};
        waste_verification(password);
        return false;
    }
    const std::string& hash = record->password_hash;
    if (cache_.lock()->has(record->name, hash, password, clock_.steady_now())) return true;
    {
        const HashingPlace place{places_};
        if (!verify_password(password, hash)) return false;
    }
    cache_.lock()->add(record->name, hash, password, clock_.steady_now());
    return true;
}

std::optional<Identity> RecordAuthenticator::by_token(
    const TokenCredentials& credentials, const std::string& peer) {
    const std::string& token = credentials.value.reveal();
    if (token.empty() || token.size() > kTokenBytesMax) return std::nullopt;
    require_attempt(kAnyUser, peer);
    const std::optional<UserRecord> record =
        records_.find_user_of_token(hash_token(credentials.value));
    if (!record) {
        limiter_.lock()->record_failure(kAnyUser, peer, clock_.steady_now());
        return std::nullopt;
    }
    return admit(*record, "token");
}

}  // namespace nacre::auth
