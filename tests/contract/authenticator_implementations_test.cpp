#include "auth/memory_user_records.hpp"
#include "auth/password.hpp"
#include "auth/record_authenticator.hpp"
#include "auth/static_authenticator.hpp"
#include "contract/authenticator_contract.hpp"

namespace nacre::auth::contract {
namespace {

class StaticFixture final : public AuthenticatorFixture {
public:
    StaticFixture() {
        for (const std::string user : {"alice", "mallory"}) {
            authenticator_.set_password(user, user + "'s password");
            authenticator_.set_token(user + "'s token", user);
        }
        authenticator_.block("mallory");
    }

    Authenticator& authenticator() override { return authenticator_; }

private:
    StaticAuthenticator authenticator_;
};

class RecordFixture final : public AuthenticatorFixture {
public:
    RecordFixture() {
        for (const std::string user : {"alice", "mallory"}) {
            records_.set_user(
                {.name = user,
                 .status = user == "mallory" ? UserStatus::Blocked : UserStatus::Active,
                 .password_hash = hash_password(Secret{user + "'s password"})});
            records_.set_token(hash_token(Secret{user + "'s token"}), user);
        }
    }

    Authenticator& authenticator() override { return authenticator_; }

private:
    MemoryUserRecords records_;
    ManualClock clock_{WallTime{}};
    RecordAuthenticator authenticator_{records_, clock_};
};

INSTANTIATE_TEST_SUITE_P(
    Implementations,
    AuthenticatorContract,
    testing::Values(
        AuthenticatorImplementation{"Static", [] { return std::make_unique<StaticFixture>(); }},
        AuthenticatorImplementation{"Record", [] { return std::make_unique<RecordFixture>(); }}),
    [](const auto& tested) { return tested.param.name; });

}  // namespace
}  // namespace nacre::auth::contract
