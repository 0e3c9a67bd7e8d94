#pragma once

#include "base/clock.hpp"
#include "http/client.hpp"
#include "os/process.hpp"
#include "source/address_secrets.hpp"
#include "source/remote_sources.hpp"

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <utility>

namespace nacre::source {

/// Which ways git may take to a repository.
enum class GitTransports : std::uint8_t {
    Network,        ///< https, http, ssh and git
    NetworkAndFile  ///< and folders of this machine: for tests and for people who build their own files
};

struct NetworkLimits {
    std::uint64_t file_bytes = std::uint64_t{8} << 30U;
    std::chrono::milliseconds time = std::chrono::minutes{30};  ///< of one fetch
    GitTransports transports = GitTransports::Network;
};

/// Over the network of this machine: files with an http::Client, repositories with git, which runs without the
/// configuration of the user and the machine, without hooks, filters and prompts, and takes one commit only.
class NetworkSources final : public RemoteSources {
public:
    /// What was fetched stays in TempDirs of `folder` as long as its trees. All outlive it and its trees. `secrets` are asked for each
    /// address, by the names of address_secrets.hpp.
    NetworkSources(
        const Clock& clock,
        http::Client& client,
        os::ProcessRunner& runner,
        std::filesystem::path folder,
        NetworkLimits limits = {},
        FindSecret secrets = {})
        : clock_{clock},
          client_{client},
          runner_{runner},
          folder_{std::move(folder)},
          limits_{limits},
          secrets_{std::move(secrets)} {}

    std::unique_ptr<Tree> fetch(const RemoteAddress& address, std::stop_token stop) override;

private:
    std::unique_ptr<Tree> fetch_file(const UrlAddress& address, const std::stop_token& stop);
    std::unique_ptr<Tree> fetch_commit(const GitAddress& address, const std::stop_token& stop);

    const Clock& clock_;
    http::Client& client_;
    os::ProcessRunner& runner_;
    const std::filesystem::path folder_;
    const NetworkLimits limits_;
    const FindSecret secrets_;
};

}  // namespace nacre::source
