#pragma once

#include "engine/build.hpp"
#include "engine/cache_folders.hpp"
#include "engine/ssh_relay.hpp"

#include <sys/stat.h>

#include <cstddef>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

namespace nacre::engine {

/// What the `--mount`s of one RUN need while it runs. Everything that a step may write to, besides caches, is thrown away with
/// this object. Secrets are in memory only, in file
/// systems that no other process has mounted. What is mounted is held by descriptors, resolved
/// inside the tree it belongs to, so that nothing can be put in its place meanwhile. Confined to one thread.
class RunMounts {
public:
    struct Parts {
        const BuildRequest& request;
        const BuildServices& services;
        std::function<std::vector<Layer>(const CopyOrigin&)> layers_of;
        std::function<const source::Tree&(const CopyOrigin&)> tree_of;
        std::function<std::unique_ptr<store::ActiveSnapshot>(const std::vector<Layer>&)> prepare;
        std::stop_token stop;
    };

    /// Adds mounts and variables to `spec`. Throws Error{InvalidArgument} for a required secret that is not given, and what
    /// locks and snapshots throw.
    RunMounts(Parts parts, const RunAction& action, exec::ContainerSpec& spec);

    /// Takes folders out of `changes`, the upper folder of the step's `root`, that are there only because the runtime made
    /// mount points in them.
    void forget_mount_points(
        const std::filesystem::path& root, const std::filesystem::path& changes) const;

private:
    void add(const dockerfile::BindMount& bind, const RunMount& mount, exec::ContainerSpec& spec);
    void add(const dockerfile::CacheMount& cache, const RunMount& mount, exec::ContainerSpec& spec);
    void add(const dockerfile::TmpfsMount& tmpfs, const RunMount& mount, exec::ContainerSpec& spec);
    void add(
        const dockerfile::SecretMount& secret, const RunMount& mount, exec::ContainerSpec& spec);
    void add(const dockerfile::SshMount& ssh, const RunMount& mount, exec::ContainerSpec& spec);
    void bind(os::UniqueFd fd, exec::BindMount mount, exec::ContainerSpec& spec);
    const std::filesystem::path& empty_folder();
    void begin_with_tree(
        const dockerfile::CacheMount& cache,
        const source::Tree& tree,
        CacheFolder::Request& wanted);

    const Parts parts_;
    std::vector<std::unique_ptr<store::ActiveSnapshot>> snapshots_;
    std::vector<CacheFolder> caches_;
    std::vector<std::unique_ptr<SshRelay>> relays_;
    std::vector<os::UniqueFd> held_;
    std::vector<std::pair<std::string, struct stat>> touched_;
    std::size_t ssh_count_ = 0;
};

}  // namespace nacre::engine
