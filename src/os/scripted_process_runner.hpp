#pragma once

#include "base/guarded.hpp"
#include "os/process.hpp"

#include <deque>

namespace nacre::os {

/// Starts nothing: answers by the beginning of the argument vector. For tests. Thread-safe.
class ScriptedProcessRunner final : public ProcessRunner {
public:
    struct Answer {
        ProcessResult result;
        /// When false the process runs until it is signalled, its time is over or the stop is requested.
        bool ends = true;
    };

    struct Call {
        Command command;
        std::string input;
    };

    /// The next command that begins with `argv_prefix` gets `answer`, once. The longest matching prefix
    /// wins, then the one that was added first.
    void expect(std::vector<std::string> argv_prefix, Answer answer);

    /// Every command that begins with `argv_prefix` and has no expected answer gets `answer`.
    void always(std::vector<std::string> argv_prefix, Answer answer);

    /// What was asked for, in order.
    std::vector<Call> calls() const;

    /// What was expected and has not been asked for.
    std::vector<std::vector<std::string>> unused() const;

    /// Writes the answer's outputs to `stdio`, which must take them at once. Throws Error{NotFound} for a
    /// command without an answer, as for a program that does not exist.
    std::unique_ptr<ChildProcess> start(const Command& command, const Stdio& stdio) override;
    ProcessResult run(
        const Command& command, const RunOptions& options, std::stop_token stop) override;

private:
    struct Rule {
        std::vector<std::string> argv_prefix;
        Answer answer;
        bool once = true;
    };

    struct State {
        std::deque<Rule> rules;
        std::vector<Call> calls;
    };

    Answer answer_for(const Command& command, const std::string& input);

    mutable Guarded<State> state_;
};

}  // namespace nacre::os
