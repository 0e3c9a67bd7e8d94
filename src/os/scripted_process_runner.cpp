#include "os/scripted_process_runner.hpp"

#include "base/error.hpp"
#include "os/file.hpp"
#include "os/stop_fd.hpp"

#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <limits>

namespace nacre::os {
namespace {

// Above every number that the kernel gives: signals that reach a real process by mistake find nobody.
constexpr pid_t kNoProcess = std::numeric_limits<pid_t>::max();

bool begins_with(const std::vector<std::string>& argv, const std::vector<std::string>& prefix) {
    return argv.size() >= prefix.size() && std::equal(prefix.begin(), prefix.end(), argv.begin());
}

/// Ends by a signal, or has ended already.
class ScriptedChildProcess final : public ChildProcess {
public:
    explicit ScriptedChildProcess(std::optional<ExitStatus> status)
        : status_{status},
          ended_{::eventfd(status ? 1 : 0, EFD_CLOEXEC | EFD_NONBLOCK)} {
        if (!ended_) throw SystemError{errno, "cannot create an event descriptor"};
    }

    pid_t pid() const noexcept override { return kNoProcess; }

    std::optional<ExitStatus> wait_for(std::chrono::milliseconds limit) override {
        pollfd wait{ended_.get(), POLLIN, 0};
        ::poll(&wait, 1, static_cast<int>(limit.count()));
        return *status_.lock();
    }

    void signal_group(int signal) noexcept override {
        if (signal == 0) return;
        {
            auto status = status_.lock();
            if (*status) return;
            *status = ExitStatus{.signal = signal};
        }
        const std::uint64_t one = 1;
        // It fails only when the counter is full, and then the descriptor is readable as it should be.
        [[maybe_unused]] const ssize_t written = ::write(ended_.get(), &one, sizeof one);
    }

    int exit_fd() const noexcept override { return ended_.get(); }

private:
    Guarded<std::optional<ExitStatus>> status_;
    UniqueFd ended_;
};

}  // namespace

void ScriptedProcessRunner::expect(std::vector<std::string> argv_prefix, Answer answer) {
    state_.lock()->rules.push_back({std::move(argv_prefix), std::move(answer), true});
}

void ScriptedProcessRunner::always(std::vector<std::string> argv_prefix, Answer answer) {
    state_.lock()->rules.push_back({std::move(argv_prefix), std::move(answer), false});
}

std::vector<ScriptedProcessRunner::Call> ScriptedProcessRunner::calls() const {
    return state_.lock()->calls;
}

std::vector<std::vector<std::string>> ScriptedProcessRunner::unused() const {
    std::vector<std::vector<std::string>> prefixes;
    for (auto state = state_.lock(); const Rule& rule : state->rules)
        if (rule.once) prefixes.push_back(rule.argv_prefix);
    return prefixes;
}

ScriptedProcessRunner::Answer ScriptedProcessRunner::answer_for(
    const Command& command, const std::string& input) {
    auto state = state_.lock();
    state->calls.push_back({command, input});
    auto best = state->rules.end();
    const auto rank = [](const Rule& rule) {
        return std::pair{rule.once, rule.argv_prefix.size()};
    };
    for (auto rule = state->rules.begin(); rule != state->rules.end(); ++rule)
        if (begins_with(command.argv, rule->argv_prefix)
            && (best == state->rules.end() || rank(*rule) > rank(*best)))
            best = rule;
    if (best == state->rules.end())
        throw Error{
            ErrorCode::NotFound, "program was not found: nothing answers " + render(command)};
    Answer answer = best->answer;
    if (best->once) state->rules.erase(best);
    return answer;
}

std::unique_ptr<ChildProcess> ScriptedProcessRunner::start(
    const Command& command, const Stdio& stdio) {
    const std::string input =
        stdio.in < 0 ? std::string{} : read_all(stdio.in, RunOptions{}.output_limit);
    const Answer answer = answer_for(command, input);
    if (stdio.out >= 0) write_all(stdio.out, as_bytes(answer.result.out));
    if (stdio.err >= 0) write_all(stdio.err, as_bytes(answer.result.err));
    return std::make_unique<ScriptedChildProcess>(
        answer.ends ? std::optional{answer.result.status} : std::nullopt);
}

ProcessResult ScriptedProcessRunner::run(
    const Command& command, const RunOptions& options, std::stop_token stop) {
    if (stop.stop_requested()) throw Cancelled{};
    Answer answer = answer_for(command, options.input);
    if (!answer.ends) {
        const StopFd stopped{stop};
        pollfd wait{stopped.get(), POLLIN, 0};
        if (::poll(&wait, 1, static_cast<int>(options.limit.count())) > 0) throw Cancelled{};
        throw Error{
            ErrorCode::DeadlineExceeded,
            render(command) + " has not ended after " + std::to_string(options.limit.count())
                + " ms"};
    }
    if (std::max(answer.result.out.size(), answer.result.err.size()) > options.output_limit)
        throw Error{
            ErrorCode::ResourceExhausted,
            render(command) + ": more than " + std::to_string(options.output_limit)
                + " bytes of output"};
    return std::move(answer.result);
}

}  // namespace nacre::os
