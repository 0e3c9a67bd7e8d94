#include "os/process.hpp"

#include "base/error.hpp"
#include "base/text.hpp"
#include "os/file.hpp"
#include "os/spawn.hpp"
#include "os/stop_fd.hpp"

#include <string.h>

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

namespace nacre::os {
namespace {

constexpr std::size_t kReadBytes = 64U << 10U;
constexpr std::size_t kErrorLinesMax = 10;
/// How long the outputs of a process that ended may stay open in processes that it left behind.
constexpr std::chrono::milliseconds kDrainLimit{1000};

using Milliseconds = std::chrono::milliseconds;
using Deadline = std::chrono::steady_clock::time_point;

class SystemChildProcess final : public ChildProcess {
public:
    explicit SystemChildProcess(Spawned spawned) noexcept : spawned_{std::move(spawned)} {}

    SystemChildProcess(const SystemChildProcess&) = delete;
    SystemChildProcess& operator=(const SystemChildProcess&) = delete;

    ~SystemChildProcess() override {
        if (status_) return;
        signal_group(SIGKILL);
        while (::waitpid(spawned_.pid, nullptr, 0) < 0 && errno == EINTR) {
        }
    }

    pid_t pid() const noexcept override { return spawned_.pid; }

    int exit_fd() const noexcept override { return spawned_.pidfd.get(); }

    std::optional<ExitStatus> wait_for(Milliseconds limit) override {
        if (status_) return status_;
        pollfd event{spawned_.pidfd.get(), POLLIN, 0};
        const int ready = ::poll(&event, 1, static_cast<int>(limit.count()));
        if (ready < 0 && errno != EINTR) throw SystemError{errno, "cannot wait for a process"};
        if (ready <= 0) return std::nullopt;
        int raw = 0;
        while (::waitpid(spawned_.pid, &raw, 0) < 0)
            if (errno != EINTR) throw SystemError{errno, "cannot reap a process"};
        status_ = WIFSIGNALED(raw) ? ExitStatus{.code = 0, .signal = WTERMSIG(raw)}
                                   : ExitStatus{.code = WEXITSTATUS(raw), .signal = 0};
        // What the leader left behind in its group goes with it.
        ::kill(-spawned_.pid, SIGKILL);
        return status_;
    }

    void signal_group(int signal) noexcept override {
        if (!status_) ::kill(-spawned_.pid, signal);
    }

private:
    Spawned spawned_;
    std::optional<ExitStatus> status_;
};

void set_nonblocking(const UniqueFd& fd) {
    if (::fcntl(fd.get(), F_SETFL, O_NONBLOCK) != 0)
        throw SystemError{errno, "cannot set up a pipe"};
}

/// One run(): feeds the input, collects the outputs, and watches the clock and the stop.
class Collector {
public:
    Collector(
        ChildProcess& child, const RunOptions& options, std::stop_token stop, std::string name)
        : child_{child},
          options_{options},
          stop_{std::move(stop)},
          stop_fd_{stop_},
          name_{std::move(name)},
          rest_{as_bytes(options.input)} {}

    UniqueFd in, out, err;

    ProcessResult run() {
        for (const UniqueFd* fd : {&in, &out, &err})
            set_nonblocking(*fd);
        if (rest_.empty()) in.reset();
        Deadline deadline = now() + options_.limit;
        while (!result_ || out || err) {
            if (result_ && now() >= deadline) break;
            turn(deadline);
            if (stop_.stop_requested()) throw Cancelled{};
            if (!result_ && now() >= deadline)
                throw Error{
                    ErrorCode::DeadlineExceeded,
                    name_ + " did not end within " + std::to_string(options_.limit.count())
                        + " ms"};
            if (result_) continue;
            result_ = child_.wait_for(Milliseconds{0});
            if (result_) deadline = now() + kDrainLimit;
        }
        return {*result_, std::move(texts_[0]), std::move(texts_[1])};
    }

private:
    // Only the length of this wait depends on it, so it is not a Clock's time.
    static Deadline now() {
        timespec time{};
        ::clock_gettime(CLOCK_MONOTONIC, &time);
        return Deadline{std::chrono::seconds{time.tv_sec} + std::chrono::nanoseconds{time.tv_nsec}};
    }

    void turn(Deadline deadline) {
        const auto left = std::chrono::ceil<Milliseconds>(deadline - now()).count();
        std::array<pollfd, 5> events{
            {{in.get(), POLLOUT, 0},
             {out.get(), POLLIN, 0},
             {err.get(), POLLIN, 0},
             {result_ ? -1 : child_.exit_fd(), POLLIN, 0},
             {stop_fd_.get(), POLLIN, 0}}};
        const int ready = ::poll(
            events.data(),
            events.size(),
            static_cast<int>(std::clamp<std::int64_t>(left, 0, 1'000'000)));
        if (ready < 0 && errno != EINTR) throw SystemError{errno, "cannot wait for " + name_};
        if (ready <= 0) return;
        if (events[0].revents != 0) feed();
        if (events[1].revents != 0) collect(out, texts_[0]);
        if (events[2].revents != 0) collect(err, texts_[1]);
    }

    void feed() {
        const ssize_t written = ::write(in.get(), rest_.data(), rest_.size());
        if (written >= 0) rest_ = rest_.subspan(static_cast<std::size_t>(written));
        // A child that does not want the rest is no error here: its status tells.
        const bool gone = written < 0 && errno != EAGAIN && errno != EINTR;
        if (gone || rest_.empty()) in.reset();
    }

    void collect(UniqueFd& fd, std::string& text) {
        const ssize_t count = ::read(fd.get(), buffer_.data(), buffer_.size());
        if (count < 0 && (errno == EAGAIN || errno == EINTR)) return;
        if (count <= 0) {
            fd.reset();
            return;
        }
        if (text.size() + static_cast<std::size_t>(count) > options_.output_limit)
            throw Error{
                ErrorCode::ResourceExhausted,
                name_ + " wrote more than " + std::to_string(options_.output_limit) + " bytes"};
        text.append(buffer_.data(), static_cast<std::size_t>(count));
    }

    ChildProcess& child_;
    const RunOptions& options_;
    std::stop_token stop_;
    StopFd stop_fd_;
    std::string name_;
    Bytes rest_;
    std::array<char, kReadBytes> buffer_{};
    std::array<std::string, 2> texts_;
    std::optional<ExitStatus> result_;
};

}  // namespace

std::string ExitStatus::describe() const {
    if (signal == 0) return "exited with " + std::to_string(code);
    const char* name = ::sigdescr_np(signal);
    return "was killed by signal " + std::to_string(signal)
           + (name == nullptr ? "" : " (" + std::string{name} + ")");
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
    Pipe in = make_pipe();
    Pipe out = make_pipe();
    Pipe err = make_pipe();
    const auto child = start(
        command, {.in = in.read_end.get(), .out = out.write_end.get(), .err = err.write_end.get()});
    in.read_end.reset();
    out.write_end.reset();
    err.write_end.reset();
    Collector collector{*child, options, std::move(stop), "'" + render(command) + "'"};
    collector.in = std::move(in.write_end);
    collector.out = std::move(out.read_end);
    collector.err = std::move(err.read_end);
    return collector.run();
}

Pipe make_pipe() {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) throw SystemError{errno, "cannot make a pipe"};
    return {UniqueFd{ends[0]}, UniqueFd{ends[1]}};
}

}  // namespace nacre::os
