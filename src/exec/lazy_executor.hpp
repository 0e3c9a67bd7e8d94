#pragma once

#include "exec/executor.hpp"

#include <functional>
#include <memory>
#include <mutex>

namespace nacre::exec {

/// Makes its executor when a step is run for the first time: a build whose steps are all known asks for no runtime. An
/// executor that cannot be made is tried again by the next step.
class LazyExecutor final : public Executor {
public:
    explicit LazyExecutor(std::function<std::unique_ptr<Executor>()> make)
        : make_{std::move(make)} {}

    os::ExitStatus run(const ContainerSpec& spec, ByteSink& output, std::stop_token stop) override {
        return executor().run(spec, output, std::move(stop));
    }

    std::vector<std::string> unkept(const ResourceLimits& limits) const override {
        const bool is_limited = limits.memory_bytes || limits.processes || limits.cpus
                                || limits.shm_bytes || !limits.ulimits.empty();
        if (!is_limited) return {};
        return executor().unkept(limits);
    }

    std::string describe() const override { return executor().describe(); }

private:
    Executor& executor() const {
        std::call_once(once_, [this] { executor_ = make_(); });
        return *executor_;
    }

    const std::function<std::unique_ptr<Executor>()> make_;
    mutable std::once_flag once_;
    mutable std::unique_ptr<Executor> executor_;
};

}  // namespace nacre::exec
