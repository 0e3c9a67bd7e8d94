#pragma once

#include "auth/authenticator.hpp"
#include "http/message.hpp"

#include <optional>
#include <string>

namespace nacre::api::distgit {

/// Who exists, and who may do everything. Thread-safe; the composition root knows.
class Administrators {
public:
    virtual ~Administrators() = default;
    virtual bool exists(const std::string& user) const = 0;
    virtual bool is_administrator(const std::string& user) const = 0;
};

/// Finds out who sends a request: "Authorization: Basic …" or "Authorization: token …" ("Bearer …" too). Thread-safe.
class Callers {
public:
    /// Both outlive it.
    Callers(auth::Authenticator& authenticator, const Administrators& administrators)
        : authenticator_{authenticator},
          administrators_{administrators} {}

    /// Nothing without credentials. Throws Error{Unauthenticated} for wrong ones.
    std::optional<std::string> find(const http::Request& request) const;

    /// The same, and throws Error{Unauthenticated} without credentials: "WHAT needs a user and a password".
    std::string require(const http::Request& request, const std::string& what) const;

    bool exists(const std::string& user) const { return administrators_.exists(user); }

    bool is_administrator(const std::string& user) const {
        return administrators_.is_administrator(user);
    }

private:
    auth::Authenticator& authenticator_;
    const Administrators& administrators_;
};

}  // namespace nacre::api::distgit
