#pragma once

#include "auth/authenticator.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <ostream>
#include <string>

namespace nacre::auth::contract {

/// One implementation under test. "alice" has the password "alice's password" and the token "alice's token"; "mallory" has
/// the password "mallory's password" and the token "mallory's token", and is blocked. Nobody else exists.
class AuthenticatorFixture {
public:
    virtual ~AuthenticatorFixture() = default;
    virtual Authenticator& authenticator() = 0;
};

struct AuthenticatorImplementation {
    std::string name;
    std::function<std::unique_ptr<AuthenticatorFixture>()> make;

    friend std::ostream& operator<<(std::ostream& out, const AuthenticatorImplementation& self) {
        return out << self.name;
    }
};

/// What every Authenticator promises. An implementation joins by INSTANTIATE_TEST_SUITE_P.
class AuthenticatorContract : public testing::TestWithParam<AuthenticatorImplementation> {
protected:
    std::optional<Identity> by_password(const std::string& user, const std::string& password) {
        return fixture_->authenticator().authenticate(
            PasswordCredentials{user, Secret{password}}, "192.0.2.1");
    }

    std::optional<Identity> by_token(const std::string& token) {
        return fixture_->authenticator().authenticate(TokenCredentials{Secret{token}}, "192.0.2.1");
    }

private:
    std::unique_ptr<AuthenticatorFixture> fixture_ = GetParam().make();
};

}  // namespace nacre::auth::contract
