#pragma once

#include "os/process.hpp"

#include <filesystem>
#include <map>
#include <memory>
#include <stop_token>
#include <string>
#include <vector>

namespace nacre::cli::build {

/// What `--ssh` names, by id: the socket of an agent, or files of keys.
using SshSources = std::map<std::string, std::vector<std::filesystem::path>>;

/// The agents for RUN --mount=type=ssh. Where the user names keys, an ssh-agent of our own holds them while this object lives: in memory only,
/// with no other program's code to load, and gone when we are killed. Confined to the thread that makes it.
class SshAgents {
public:
    /// Sockets are made in `folder`; paths of `sources` are absolute. `processes` outlives it. Throws Error that names the id: for a file that is
    /// not there, no private key or behind a passphrase, and when Debian's openssh-client is missing.
    SshAgents(
        const SshSources& sources,
        const std::filesystem::path& folder,
        os::ProcessRunner& processes,
        const std::stop_token& stop);

    /// By id.
    const std::map<std::string, std::filesystem::path>& sockets() const noexcept {
        return sockets_;
    }

private:
    std::filesystem::path start(
        const std::filesystem::path& socket,
        os::ProcessRunner& processes,
        const std::stop_token& stop);

    std::map<std::string, std::filesystem::path> sockets_;
    std::vector<std::unique_ptr<os::ChildProcess>> children_;
};

}  // namespace nacre::cli::build
