#pragma once

#include "registry/repository.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace nacre::registry::detail {

/// What an auth file may call credentials for the repository, the nearest first: "host/team/app", "host/team", "host".
std::vector<std::string> credential_keys(const Repository& repository);

/// The key in this form: docker writes addresses ("https://index.docker.io/v1/").
std::string normal_key(std::string_view key);

}  // namespace nacre::registry::detail
