#pragma once

#include "auth/authenticator.hpp"
#include "http/message.hpp"

#include <optional>
#include <string>

namespace nacre::api::distgit {

/// Who may do everything. Thread-safe; the composition root knows.
class Administrators {
public:
    virtual ~Administrators() = default;
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

    bool is_administrator(const std::string& user) const {
        return administrators_.is_administrator(user);
    }

private:
    auth::Authenticator& authenticator_;
    const Administrators& administrators_;
};

}  // namespace nacre::api::distgit
