#pragma once

#include "base/thread_group.hpp"
#include "os/unique_fd.hpp"

#include <cstdint>
#include <filesystem>
#include <stop_token>
#include <string>

namespace nacre::engine {

/// A socket of our own that passes everything on to an ssh agent's socket, while this object lives. A step gets this one: so
/// the agent's own keeps its owner and mode, whatever the step does, and an unprivileged user of the step can reach it.
class SshRelay {
public:
    static constexpr std::size_t kConnectionsMax = 64;

    /// Makes the socket `name` in `folder`. Throws SystemError.
    SshRelay(
        std::filesystem::path agent, const std::filesystem::path& folder, const std::string& name);
    SshRelay(const SshRelay&) = delete;
    SshRelay& operator=(const SshRelay&) = delete;
    ~SshRelay() = default;

private:
    void run(const std::stop_token& stop);

    const std::filesystem::path agent_;
    os::UniqueFd listener_;
    ThreadGroup threads_;
};

}  // namespace nacre::engine
