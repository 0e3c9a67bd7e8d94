#include "registry/detail/parallel.hpp"

#include "base/error.hpp"
#include "base/guarded.hpp"
#include "base/thread_group.hpp"

#include <algorithm>
#include <exception>
#include <optional>

namespace nacre::registry::detail {
namespace {

class Jobs {
public:
    using Job = std::function<void(std::size_t, std::stop_token)>;

    Jobs(std::size_t count, const Job& job) : count_{count}, job_{job} {}

    /// Until nothing is left: the body of a thread.
    void work() {
        while (const auto number = take()) {
            try {
                job_(*number, stop_.get_token());
            } catch (...) {
                keep(std::current_exception());
            }
        }
    }

    void request_stop() noexcept { stop_.request_stop(); }

    void rethrow() {
        if (const std::exception_ptr failure = state_.lock()->failure)
            std::rethrow_exception(failure);
    }

private:
    struct State {
        std::size_t next = 0;
        std::exception_ptr failure;
    };

    std::optional<std::size_t> take() {
        if (stop_.stop_requested()) return std::nullopt;
        auto state = state_.lock();
        if (state->next == count_) return std::nullopt;
        return state->next++;
    }

    void keep(std::exception_ptr failure) {
        {
            auto state = state_.lock();
            if (!state->failure) state->failure = std::move(failure);
        }
        stop_.request_stop();
    }

    const std::size_t count_;
    const Job& job_;
    std::stop_source stop_;
    Guarded<State> state_;
};

}  // namespace

void run_parallel(
    std::size_t count,
    std::size_t parallel,
    const std::function<void(std::size_t, std::stop_token)>& job,
    const std::stop_token& stop) {
    Jobs jobs{count, job};
    {
        const std::stop_callback pass_on{stop, [&] { jobs.request_stop(); }};
        const std::size_t threads = std::min(count, parallel);
        ThreadGroup group;
        for (std::size_t i = 1; i < threads; ++i)
            group.start("nacre-blobs", [&](const std::stop_token&) { jobs.work(); });
        jobs.work();
        group.join();
    }
    jobs.rethrow();
    if (stop.stop_requested()) throw Cancelled{};
}

}  // namespace nacre::registry::detail
