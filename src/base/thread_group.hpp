#pragma once

#include <functional>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

namespace nacre {

/// Named threads that live as long as the group. The destructor requests the stop of all of them and
/// joins. A thread whose body throws ends the process: bodies catch at their own boundary.
class ThreadGroup {
public:
    ThreadGroup() = default;
    ThreadGroup(const ThreadGroup&) = delete;
    ThreadGroup& operator=(const ThreadGroup&) = delete;
    ~ThreadGroup();

    /// `name` is what `top` and debuggers show; at most 15 bytes of it.
    void start(std::string name, std::function<void(std::stop_token)> body);

    /// Asks all threads to stop; returns at once.
    void request_stop() noexcept;

    /// Requests the stop and waits for all threads. Not from one of them.
    void join() noexcept;

private:
    std::vector<std::jthread> threads_;
};

}  // namespace nacre
