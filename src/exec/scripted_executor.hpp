#pragma once

#include "base/guarded.hpp"
#include "exec/executor.hpp"

#include <functional>
#include <map>
#include <string>
#include <vector>

namespace nacre::exec {

/// A fake: functions stand for the programs of an image, and no process is started. A function edits the tree at
/// `spec.root`, writes output, and returns how it ended.
class ScriptedExecutor final : public Executor {
public:
    /// What a function sees of its container.
    class Container {
    public:
        Container(const ContainerSpec& its_spec, ByteSink& output, std::stop_token stop)
            : spec{its_spec},
              output_{output},
              stop_{std::move(stop)} {}

        void write(std::string_view text) const { output_.write(as_bytes(text)); }

        /// Does not return: throws Cancelled, or Error{DeadlineExceeded} when the time of the step is up.
        [[noreturn]] void wait_forever() const;

        const ContainerSpec& spec;

    private:
        ByteSink& output_;
        std::stop_token stop_;
    };

    using Program = std::function<os::ExitStatus(const Container& container)>;

    /// `programs` by argv[0]; others are Error{NotFound}.
    explicit ScriptedExecutor(std::map<std::string, Program> programs)
        : programs_{std::move(programs)} {}

    os::ExitStatus run(const ContainerSpec& spec, ByteSink& output, std::stop_token stop) override;

    std::vector<std::string> unkept(const ResourceLimits& /*limits*/) const override { return {}; }

    std::string describe() const override { return "scripted programs"; }

    /// What was run so far, in order.
    std::vector<ContainerSpec> calls() const;

private:
    const std::map<std::string, Program> programs_;
    mutable Guarded<std::vector<ContainerSpec>> calls_;
};

}  // namespace nacre::exec
