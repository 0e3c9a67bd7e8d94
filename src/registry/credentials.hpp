#pragma once

#include "base/secret.hpp"
#include "registry/repository.hpp"

#include <map>
#include <optional>
#include <stop_token>
#include <string>

namespace nacre::registry {

/// Who we are to a registry. Either a user with a password, or an identity token that a token server takes for one.
struct Credentials {
    std::string user;
    Secret password;
    Secret identity_token;
    Secret registry_token;  ///< sent to the registry as it is
};

/// Knows the credentials for repositories. Thread-safe.
class CredentialSource {
public:
    virtual ~CredentialSource() = default;

    /// Nothing when the repository is to be used without any.
    virtual std::optional<Credentials> find(
        const Repository& repository, std::stop_token stop) const = 0;
};

/// Those it was given; the key is a registry or the beginning of a repository, as in an auth file.
class FixedCredentials final : public CredentialSource {
public:
    FixedCredentials() = default;

    explicit FixedCredentials(std::map<std::string, Credentials> credentials)
        : credentials_{std::move(credentials)} {}

    std::optional<Credentials> find(
        const Repository& repository, std::stop_token stop) const override;

private:
    std::map<std::string, Credentials> credentials_;
};

}  // namespace nacre::registry
