#pragma once

#include "base/error.hpp"
#include "base/secret.hpp"

#include <chrono>
#include <optional>
#include <string>
#include <variant>

namespace nacre::auth {

/// A user and a password, such as HTTP Basic gives.
struct PasswordCredentials {
    std::string user;
    Secret password;
};

/// A token that stands for a user ("Authorization: token ..." or "Bearer ...").
struct TokenCredentials {
    Secret value;
};

using Credentials = std::variant<PasswordCredentials, TokenCredentials>;

/// Who somebody proved to be.
struct Identity {
    std::string user;
    std::string method;  ///< "password", "token": for logs

    bool operator==(const Identity&) const = default;
};

/// Somebody tried too often with wrong credentials, and has to wait.
class TooManyAttempts : public Error {
public:
    TooManyAttempts(const std::string& message, std::chrono::seconds retry_after);

    std::chrono::seconds retry_after() const noexcept { return retry_after_; }

private:
    std::chrono::seconds retry_after_;
};

/// Finds out who somebody is. Thread-safe. Every implementation passes tests/contract/authenticator_contract.cpp.
class Authenticator {
public:
    virtual ~Authenticator() = default;

    /// Nothing when the credentials are wrong, unknown, or of a kind this one does not take: a caller learns no more, so that
    /// it cannot tell somebody which users exist. `peer` is the address they came from. Throws
    /// Error{PermissionDenied} for right credentials of a user who is blocked, TooManyAttempts after too many wrong ones.
    virtual std::optional<Identity> authenticate(
        const Credentials& credentials, const std::string& peer) = 0;
};

}  // namespace nacre::auth
