#include "os/process.hpp"

#include "base/clock.hpp"
#include "base/error.hpp"
#include "base/text.hpp"
#include "os/file.hpp"
#include "os/spawn.hpp"
#include "os/stop_fd.hpp"

#include <string.h>

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <limits>

namespace nacre::os {
namespace {

constexpr std::size_t kReadStep = 64U << 10U;
constexpr std::size_t kErrorLinesMax = 10;

int poll_timeout(std::chrono::milliseconds limit) noexcept {
    return static_cast<int>(
        std::clamp<std::int64_t>(limit.count(), 0, std::numeric_limits<int>::max()));
}

/// The status of a child that ended; it stays a zombie, which keeps its number, and with it the name of the
/// process group, from being given to somebody else while signal_group() may be called.
std::optional<ExitStatus> peek_status(pid_t pid) {
    siginfo_t info = {};
    while (::waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED | WNOHANG | WNOWAIT) != 0)
        if (errno != EINTR)
            throw SystemError{errno, "cannot wait for process " + std::to_string(pid)};
    if (info.si_pid == 0) return std::nullopt;
    if (info.si_code == CLD_EXITED) return ExitStatus{.code = info.si_status};
    return ExitStatus{.signal = info.si_status};
}

class SystemChildProcess final : public ChildProcess {
public:
    explicit SystemChildProcess(Spawned child) : child_{std::move(child)} {}

    SystemChildProcess(const SystemChildProcess&) = delete;
    SystemChildProcess& operator=(const SystemChildProcess&) = delete;

    ~SystemChildProcess() override {
        signal_group(SIGKILL);
        while (::waitpid(child_.pid, nullptr, 0) < 0 && errno == EINTR) {
        }
    }

    pid_t pid() const noexcept override { return child_.pid; }

    std::optional<ExitStatus> wait_for(std::chrono::milliseconds limit) override {
        if (status_) return status_;
        const SystemClock clock;
        const SteadyTime deadline = clock.steady_now() + limit;
        auto left = limit;
        for (;;) {
            pollfd wait{child_.pidfd.get(), POLLIN, 0};
            const int ready = ::poll(&wait, 1, poll_timeout(left));
            if (ready < 0 && errno != EINTR)
                throw SystemError{errno, "cannot wait for process " + std::to_string(child_.pid)};
            if (ready > 0) {
                status_ = peek_status(child_.pid);
                return status_;
            }
            left = std::chrono::ceil<std::chrono::milliseconds>(deadline - clock.steady_now());
            if (left <= std::chrono::milliseconds::zero()) return std::nullopt;
        }
    }

    void signal_group(int signal) noexcept override {
        // A supervisor that is killed cannot kill: it is told to, by the end of its lifeline.
        if (child_.lifeline && signal == SIGKILL)
            ::shutdown(child_.lifeline.get(), SHUT_RDWR);
        else
            ::kill(-child_.pid, signal);
    }

    int exit_fd() const noexcept override { return child_.pidfd.get(); }

private:
    Spawned child_;
    std::optional<ExitStatus> status_;
};

/// One output of the child, collected.
class Capture {
public:
    Capture() {
        Pipe pipe = make_pipe();
        read_end_ = std::move(pipe.read_end);
        write_end_ = std::move(pipe.write_end);
        if (::fcntl(read_end_.get(), F_SETFL, O_NONBLOCK) != 0)
            throw SystemError{errno, "cannot make a pipe non-blocking"};
    }

    int write_fd() const noexcept { return write_end_.get(); }

    /// -1, which poll() skips, at the end of the output.
    int read_fd() const noexcept { return read_end_.get(); }

    void started() noexcept { write_end_.reset(); }

    std::string take() noexcept { return std::move(text_); }

    /// Reads what is there.
    void drain(std::size_t limit, const Command& command) {
        while (read_end_) {
            const std::size_t old = text_.size();
            text_.resize(old + kReadStep);
            const ssize_t count = ::read(read_end_.get(), text_.data() + old, kReadStep);
            text_.resize(old + static_cast<std::size_t>(std::max<ssize_t>(count, 0)));
            if (count < 0 && errno == EINTR) continue;
            if (count < 0 && errno == EAGAIN) return;
            if (count < 0) throw SystemError{errno, "cannot read the output of " + render(command)};
            if (count == 0) read_end_.reset();
            if (text_.size() > limit)
                throw Error{
                    ErrorCode::ResourceExhausted,
                    "'" + render(command) + "' wrote more than " + std::to_string(limit)
                        + " bytes"};
        }
    }

private:
    UniqueFd read_end_;
    UniqueFd write_end_;
    std::string text_;
};

}  // namespace

std::string ExitStatus::describe() const {
    if (signal == 0) return "exited with " + std::to_string(code);
    const char* name = ::sigdescr_np(signal);
    return "was killed by signal " + std::to_string(signal) + " ("
           + (name == nullptr ? "unknown" : name) + ")";
}

std::vector<std::string> minimal_environment() {
    return {
        "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        "LANG=C.UTF-8",
        "HOME=/"};
}

std::string render(const Command& command) {
    std::string text;
    for (const std::string& word : command.argv) {
        const bool plain = !word.empty() && std::ranges::all_of(word, [](char c) {
            return c > ' ' && c < 0x7F
                   && std::string_view{"'\"\\$`*?;&|<>()"}.find(c) == std::string_view::npos;
        });
        text += (text.empty() ? "" : " ") + (plain ? word : quoted(word));
    }
    return text;
}

std::string run_checked(
    ProcessRunner& runner,
    const Command& command,
    const RunOptions& options,
    std::stop_token stop) {
    ProcessResult result = runner.run(command, options, std::move(stop));
    if (result.status.success()) return std::move(result.out);
    std::vector<std::string> lines = split(trim(result.err), '\n');
    if (lines.size() > kErrorLinesMax)
        lines.erase(lines.begin(), lines.end() - static_cast<std::ptrdiff_t>(kErrorLinesMax));
    const std::string tail = sanitize_utf8(join(lines, "\n"));
    throw Error{
        ErrorCode::Internal,
        "'" + render(command) + "' " + result.status.describe()
            + (tail.empty() ? "" : ": " + tail)};
}

std::unique_ptr<ChildProcess> SystemProcessRunner::start(
    const Command& command, const Stdio& stdio) {
    return std::make_unique<SystemChildProcess>(spawn(command, stdio));
}

ProcessResult SystemProcessRunner::run(
    const Command& command, const RunOptions& options, std::stop_token stop) {
    const SystemClock clock;
    const SteadyTime deadline = clock.steady_now() + options.limit;
    const StopFd stopped{stop};
    if (stop.stop_requested()) throw Cancelled{};
    // A pipe would need a writer, and SIGPIPE handled.
    const UniqueFd input = options.input.empty() ? UniqueFd{} : open_memory_file(options.input);
    Capture out;
    Capture err;
    const auto child =
        start(command, {.in = input.get(), .out = out.write_fd(), .err = err.write_fd()});
    out.started();
    err.started();
    for (;;) {
        std::array<pollfd, 4> waits = {
            {{stopped.get(), POLLIN, 0},
             {child->exit_fd(), POLLIN, 0},
             {out.read_fd(), POLLIN, 0},
             {err.read_fd(), POLLIN, 0}}};
        const auto left =
            std::chrono::ceil<std::chrono::milliseconds>(deadline - clock.steady_now());
        const int ready = ::poll(waits.data(), waits.size(), poll_timeout(left));
        if (ready < 0 && errno != EINTR)
            throw SystemError{errno, "cannot wait for " + render(command)};
        if (ready <= 0 && clock.steady_now() >= deadline)
            throw Error{
                ErrorCode::DeadlineExceeded,
                "'" + render(command) + "' did not end within "
                    + std::to_string(options.limit.count()) + " ms"};
        if (ready <= 0) continue;
        if (waits[0].revents != 0) throw Cancelled{};
        // Asked before the pipes are read: what the child wrote before it ended is in them.
        const auto status = child->wait_for(std::chrono::milliseconds::zero());
        out.drain(options.output_limit, command);
        err.drain(options.output_limit, command);
        if (status) return {*status, out.take(), err.take()};
    }
}

Pipe make_pipe() {
    std::array<int, 2> fds = {-1, -1};
    if (::pipe2(fds.data(), O_CLOEXEC) != 0) throw SystemError{errno, "cannot create a pipe"};
    return {UniqueFd{fds[0]}, UniqueFd{fds[1]}};
}

}  // namespace nacre::os
