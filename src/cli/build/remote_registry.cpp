#include "cli/build/remote_registry.hpp"

#include <string>
#include <vector>

namespace nacre::cli::build {

std::optional<registry::Credentials> RemoteRegistry::LazyCredentials::find(
    const registry::Repository& repository, std::stop_token stop) const {
    std::call_once(once_, [this] {
        // What docker-credential-* programs look at.
        std::vector<std::string> variables = os::minimal_environment();
        for (const char* name : {"HOME", "XDG_RUNTIME_DIR", "DBUS_SESSION_BUS_ADDRESS", "PATH"})
            if (const auto value = environment_(name)) {
                std::erase_if(variables, [&](const std::string& known) {
                    return known.starts_with(std::string{name} + "=");
                });
                variables.push_back(std::string{name} + "=" + *value);
            }
        files_ = std::make_unique<registry::AuthFileCredentials>(
            registry::auth_files(environment_), processes_, std::move(variables));
    });
    return files_->find(repository, std::move(stop));
}

}  // namespace nacre::cli::build
