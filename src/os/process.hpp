#pragma once

#include "base/bytes.hpp"
#include "os/unique_fd.hpp"

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

namespace nacre::os {

/// How a process ended.
struct ExitStatus {
    int code = 0;    ///< exit code, when `signal` is 0
    int signal = 0;  ///< the signal that ended it, else 0

    bool success() const noexcept { return code == 0 && signal == 0; }

    /// "exited with 7", "was killed by signal 9 (Killed)"
    std::string describe() const;
};

/// What becomes of processes that the program leaves running when it ends, in whatever group or session.
enum class Orphans : std::uint8_t {
    Left,    ///< nothing; those in its group are killed when the child is dropped
    Killed,  ///< they are killed before the child counts as ended
    /// Their ends are waited for, for programs that start something and go: the status is the first that is not success.
    Awaited
};

/// What to run. Nothing is given to a shell.
struct Command {
    std::vector<std::string> argv;  ///< argv[0] without '/' is searched in the standard PATH
    /// "NAME=value"; the child gets these and nothing else. minimal_environment() is a start.
    std::vector<std::string> environment;
    std::filesystem::path directory;  ///< working folder; empty: the caller's
    /// Further descriptors, given as (number in the child, descriptor of the caller).
    std::vector<std::pair<int, int>> descriptors;
    /// Detached mounts (open_tree(2)) and where to attach each. The program gets a mount namespace of its own for them, so that
    /// nobody else sees them, and they end with it. Needs CAP_SYS_ADMIN.
    std::vector<std::pair<int, std::filesystem::path>> mounts;
    /// Mount points that the program does not see, in a mount namespace of its own too. Needs CAP_SYS_ADMIN.
    std::vector<std::filesystem::path> hidden_mounts;
    /// The kernel kills the child when the starting thread ends, so that kill -9 of us leaves nobody. Hence start
    /// from a thread that lives as long as the child is wanted.
    bool dies_with_parent = true;
    /// Other than Left, a supervising process stands between us and the program: pid() is the supervisor, and all
    /// descendants are killed when the child is dropped or gets SIGKILL, and when this process dies.
    Orphans orphans = Orphans::Left;
};

/// PATH, LANG=C.UTF-8 and HOME=/: what a helper program needs.
std::vector<std::string> minimal_environment();

/// "git clone 'a b'": for messages.
std::string render(const Command& command);

/// A running child, leader of its own process group. The destructor kills the group with SIGKILL and reaps.
/// Confined to one thread, except signal_group().
class ChildProcess {
public:
    virtual ~ChildProcess() = default;

    virtual pid_t pid() const noexcept = 0;

    /// Nothing when it still runs after `limit`. Once it returned a status it returns it again.
    virtual std::optional<ExitStatus> wait_for(std::chrono::milliseconds limit) = 0;

    /// To the whole process group; no error when it is gone.
    virtual void signal_group(int signal) noexcept = 0;

    /// Readable when the child ended: for poll().
    virtual int exit_fd() const noexcept = 0;
};

/// Where the three standard descriptors of a child go. -1 is /dev/null. The descriptors stay the caller's.
struct Stdio {
    int in = -1;
    int out = -1;
    int err = -1;
};

struct ProcessResult {
    ExitStatus status;
    std::string out;
    std::string err;
};

struct RunOptions {
    std::string input;                                        ///< given on standard input
    std::size_t output_limit = 16U << 20U;                    ///< per stream; more is an error
    std::chrono::milliseconds limit = std::chrono::hours{1};  ///< then the group is killed
};

/// The only way to start processes. Thread-safe.
class ProcessRunner {
public:
    virtual ~ProcessRunner() = default;

    /// Throws Error{NotFound} when the program does not exist, SystemError when it cannot be started.
    virtual std::unique_ptr<ChildProcess> start(const Command& command, const Stdio& stdio) = 0;

    /// Runs to the end and collects both outputs. A non-zero status is not an error here. Throws
    /// Error{DeadlineExceeded}, Error{ResourceExhausted}, Cancelled; the group is dead then.
    virtual ProcessResult run(
        const Command& command, const RunOptions& options, std::stop_token stop) = 0;
};

/// Runs and throws Error{Internal} with the last lines of its standard error when it does not exit with 0.
/// Returns its standard output.
std::string run_checked(
    ProcessRunner& runner, const Command& command, const RunOptions& options, std::stop_token stop);

class SystemProcessRunner final : public ProcessRunner {
public:
    std::unique_ptr<ChildProcess> start(const Command& command, const Stdio& stdio) override;
    ProcessResult run(
        const Command& command, const RunOptions& options, std::stop_token stop) override;
};

/// Both ends close on exec.
struct Pipe {
    UniqueFd read_end;
    UniqueFd write_end;
};

Pipe make_pipe();

}  // namespace nacre::os
