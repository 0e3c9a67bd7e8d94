#include "cli/build/ssh_agents.hpp"

#include "base/error.hpp"
#include "base/pause.hpp"
#include "base/text.hpp"
#include "os/file.hpp"

#include <sys/stat.h>

#include <chrono>

namespace nacre::cli::build {
namespace {

namespace fs = std::filesystem;

constexpr const char* kHint =
    "install Debian's openssh-client, or give --ssh the socket of an agent";
constexpr std::size_t kKeyBytesMax = 64U << 10U;
constexpr std::chrono::milliseconds kLookInterval{5};
constexpr int kLooksMax = 1000;
constexpr std::chrono::seconds kAddTimeMax{10};

bool is_socket_file(const fs::path& path) {
    struct stat status{};
    return ::stat(path.c_str(), &status) == 0 && S_ISSOCK(status.st_mode);
}

/// A passphrase is asked for by a program that gives none: nobody waits at a terminal.
void add_key(
    const fs::path& key,
    const fs::path& socket,
    os::ProcessRunner& processes,
    const std::stop_token& stop) {
    os::Command command;
    command.argv = {"ssh-add", "-q", "-"};
    command.environment = os::minimal_environment();
    command.environment.push_back("SSH_AUTH_SOCK=" + socket.string());
    command.environment.emplace_back("SSH_ASKPASS=/bin/false");
    command.environment.emplace_back("SSH_ASKPASS_REQUIRE=force");
    const os::ProcessResult result = processes.run(
        command, {.input = os::read_file(key, kKeyBytesMax), .limit = kAddTimeMax}, stop);
    if (!result.status.success())
        throw Error{
            ErrorCode::InvalidArgument,
            quoted(key.string()) + " is no private key without a passphrase: ssh-add "
                + result.status.describe() + ": " + sanitize_utf8(trim(result.err))}
            .with_hint("add it to an agent with 'ssh-add', and give --ssh its socket");
}

template <class Body>
auto with_hint_of_package(Body body) {
    try {
        return body();
    } catch (Error& error) {
        if (error.code() == ErrorCode::NotFound && error.hint().empty()) error.set_hint(kHint);
        throw;
    }
}

}  // namespace

SshAgents::SshAgents(
    const SshSources& sources,
    const fs::path& folder,
    os::ProcessRunner& processes,
    const std::stop_token& stop) {
    for (const auto& [id, paths] : sources) {
        if (paths.size() == 1 && (is_socket_file(paths.front()) || !fs::exists(paths.front()))) {
            // An agent that is not there is the trouble of the step that wants it.
            sockets_.emplace(id, paths.front());
            continue;
        }
        with_context("--ssh " + quoted(id), [&, &its_id = id, &keys = paths] {
            const fs::path socket = with_hint_of_package([&] {
                return start(folder / ("ssh-" + std::to_string(children_.size())), processes, stop);
            });
            for (const fs::path& key : keys)
                add_key(key, socket, processes, stop);
            sockets_.emplace(its_id, socket);
        });
    }
}

fs::path SshAgents::start(
    const fs::path& socket, os::ProcessRunner& processes, const std::stop_token& stop) {
    os::Command command;
    // A step may ask an agent to load a library of this machine: none is allowed.
    command.argv = {"ssh-agent", "-D", "-P", "/nonexistent", "-a", socket.string()};
    command.environment = os::minimal_environment();
    // It is setgid on Debian, so the kernel would not kill it with us (prctl(2), PR_SET_PDEATHSIG).
    command.orphans = os::Orphans::Killed;
    std::unique_ptr<os::ChildProcess> agent = processes.start(command, {});
    for (int look = 0; look < kLooksMax; ++look) {
        if (is_socket_file(socket)) {
            children_.push_back(std::move(agent));
            return socket;
        }
        if (const auto status = agent->wait_for(std::chrono::milliseconds{0}))
            throw Error{
                ErrorCode::Unavailable,
                "ssh-agent " + status->describe() + " and made no socket "
                    + quoted(socket.string())};
        pause(kLookInterval, stop);
    }
    throw Error{ErrorCode::DeadlineExceeded, "ssh-agent made no socket " + quoted(socket.string())};
}

}  // namespace nacre::cli::build
