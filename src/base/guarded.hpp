#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <stop_token>
#include <utility>

namespace nacre {

/// A value which can be reached only while its mutex is held:
///
///     Guarded<std::map<TaskId, Task>> open_tasks_;
///     open_tasks_.lock()->erase(id);          // held for this statement
///     auto tasks = open_tasks_.lock();        // held until `tasks` goes out of scope
///
/// Never hold two of them at once unless the lock order is written in docs/threads.md.
template <class T>
class Guarded {
public:
    template <class... Args>
    explicit Guarded(Args&&... args) : value_(std::forward<Args>(args)...) {}

    class Access {
    public:
        T* operator->() noexcept { return value_; }

        T& operator*() noexcept { return *value_; }

        /// Sleeps until `ready(value)` holds or `stop` is requested; the value is unlocked
        /// meanwhile. Returns `ready(value)`.
        template <class Predicate>
        bool wait(std::condition_variable_any& changed, std::stop_token stop, Predicate ready) {
            return changed.wait(lock_, std::move(stop), [&] { return ready(*value_); });
        }

        /// The same, for at most `limit`.
        template <class Predicate>
        bool wait_for(
            std::condition_variable_any& changed,
            std::stop_token stop,
            std::chrono::nanoseconds limit,
            Predicate ready) {
            return changed.wait_for(lock_, std::move(stop), limit, [&] { return ready(*value_); });
        }

    private:
        friend class Guarded;

        Access(std::mutex& mutex, T& value) : lock_{mutex}, value_{&value} {}

        std::unique_lock<std::mutex> lock_;
        T* value_;
    };

    [[nodiscard]] Access lock() { return Access{mutex_, value_}; }

private:
    std::mutex mutex_;
    T value_;
};

}  // namespace nacre
