#pragma once

#include "exec/cgroup_folders.hpp"
#include "exec/executor.hpp"
#include "exec/machine_facts.hpp"
#include "exec/staged_mounts.hpp"

#include <filesystem>
#include <string>
#include <vector>

namespace nacre::exec {

/// A runtime that was found to work, and the sentence that says why it was chosen.
struct Runtime {
    std::filesystem::path program;
    std::string description;
    /// Mount points that this runtime must not see: crun 1.8 refuses hosts with cgroups of both versions, and works where the
    /// tree of version 2 is out of its sight.
    std::vector<std::filesystem::path> hidden_mounts;
};

/// Runs steps with an OCI runtime (crun, runc): one start of it a step. Standard output and error share one pipe, so that
/// their order stays. Containers have a pid namespace of their own: what a step leaves running ends with it. What the runtime
/// keeps of a container that has ended is removed here; the runtime is asked to do so when a step was cut off.
class OciRuntimeExecutor final : public Executor {
public:
    /// `state` is a folder of its own for bundles and the runtime's state; `runner` outlives the executor.
    OciRuntimeExecutor(Runtime runtime, std::filesystem::path state, os::ProcessRunner& runner);

    os::ExitStatus run(const ContainerSpec& spec, ByteSink& output, std::stop_token stop) override;

    std::vector<std::string> unkept(const ResourceLimits& limits) const override;

    std::string describe() const override { return runtime_.description; }

private:
    os::Command command(const std::vector<std::string>& arguments) const;
    os::ExitStatus run_bundle(
        const ContainerSpec& spec,
        const std::filesystem::path& bundle,
        const StagedMounts& staged,
        ByteSink& output,
        std::stop_token stop);
    void forget(const std::string& id) const noexcept;
    void remove(const std::string& id) const noexcept;
    void report_failure(const std::filesystem::path& log) const;

    const Runtime runtime_;
    const std::filesystem::path state_;
    const std::string suffix_;  ///< of container names, so that no two on the machine are the same
    os::ProcessRunner& runner_;
    const MachineFacts machine_ = read_machine_facts();
    const CgroupFolders cgroups_ = CgroupFolders::find_all();
};

/// Kills and removes the containers, and the bundles, that killed processes left in `state`. To be called at start, while
/// nobody uses the folder. Returns how many containers it removed.
int sweep(const Runtime& runtime, const std::filesystem::path& state, os::ProcessRunner& runner);

}  // namespace nacre::exec
