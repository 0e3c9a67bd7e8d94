#include "registry/credentials.hpp"

#include "registry/detail/credential_key.hpp"

namespace nacre::registry {

std::optional<Credentials> FixedCredentials::find(
    const Repository& repository, std::stop_token /*stop*/) const {
    for (const std::string& key : detail::credential_keys(repository)) {
        const auto found = credentials_.find(key);
        if (found != credentials_.end()) return found->second;
    }
    return std::nullopt;
}

}  // namespace nacre::registry
