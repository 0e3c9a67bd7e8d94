#pragma once

#include "base/thread_group.hpp"
#include "os/unique_fd.hpp"

#include <chrono>
#include <initializer_list>
#include <stop_token>

namespace nacre::os {

/// Turns signals into a stop request: blocks them in the calling thread, and so in all that it starts later, and takes them
/// on a thread of its own ("signals"). SIGPIPE is ignored: writes report the closed peer. To be made first, in main's
/// thread.
class StopOnSignals {
public:
    StopOnSignals(std::initializer_list<int> signals);
    StopOnSignals(const StopOnSignals&) = delete;
    StopOnSignals& operator=(const StopOnSignals&) = delete;

    std::stop_token stop() const noexcept { return source_.get_token(); }

    /// As if a signal had come.
    void request_stop() noexcept { source_.request_stop(); }

private:
    std::stop_source source_;
    ThreadGroup threads_;
};

/// A signal that asks for something else than the end, such as SIGHUP: blocks it in the calling thread, and so in all that it
/// starts later. To be made first, before StopOnSignals. Throws SystemError.
class SignalBell {
public:
    explicit SignalBell(int signal);
    SignalBell(const SignalBell&) = delete;
    SignalBell& operator=(const SignalBell&) = delete;

    /// Waits for the signal, for at most `limit` or until `stop` is requested; whether it came. One thread at a time.
    bool wait(const std::stop_token& stop, std::chrono::milliseconds limit) const;

private:
    UniqueFd taken_;
};

/// Waits until `stop` is requested.
void wait_for_stop(const std::stop_token& stop);
/// The same, for at most `limit`: a pause that a stop ends.
void wait_for_stop(const std::stop_token& stop, std::chrono::milliseconds limit);

}  // namespace nacre::os
