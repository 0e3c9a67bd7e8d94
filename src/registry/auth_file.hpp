#pragma once

#include "os/process.hpp"
#include "registry/credentials.hpp"

#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace nacre::registry {

/// What is in docker's config.json or in an auth.json of containers-auth.json(5).
struct AuthFileContent {
    std::map<std::string, Credentials>
        credentials;                             ///< by registry or the beginning of a repository
    std::map<std::string, std::string> helpers;  ///< "credHelpers": registry to program suffix
    std::string store;                           ///< "credsStore": for all registries; may be empty
};

/// Throws Error{InvalidArgument} with the place for text of another shape.
AuthFileContent parse_auth_file(std::string_view text);

/// The files that people keep credentials in, in the order in which they count: $REGISTRY_AUTH_FILE alone when it is set; else
/// containers/auth.json below $XDG_RUNTIME_DIR and ~/.config, then config.json below $DOCKER_CONFIG or ~/.docker.
std::vector<std::filesystem::path> auth_files(
    const std::function<std::optional<std::string>(const std::string&)>& find_variable);

/// Credentials from auth files: the nearest key of the first file that has one. Credentials that a program keeps ("credHelpers",
/// "credsStore") are asked for with `docker-credential-NAME get`. Thread-safe.
class AuthFileCredentials final : public CredentialSource {
public:
    /// Reads the files, those that are there. Throws Error{InvalidArgument} with the name for one that cannot be understood. `runner`
    /// outlives it. `environment` is for the programs: they need HOME at least.
    AuthFileCredentials(
        const std::vector<std::filesystem::path>& files,
        os::ProcessRunner& runner,
        std::vector<std::string> environment);

    std::optional<Credentials> find(
        const Repository& repository, std::stop_token stop) const override;

private:
    std::optional<Credentials> find_in(
        const AuthFileContent& file,
        const Repository& repository,
        const std::stop_token& stop) const;
    std::optional<Credentials> ask(
        const std::string& helper, const std::string& registry, const std::stop_token& stop) const;

    os::ProcessRunner& runner_;
    const std::vector<std::string> environment_;
    std::vector<AuthFileContent> files_;
};

}  // namespace nacre::registry
