#pragma once

#include "exec/executor.hpp"
#include "os/unique_fd.hpp"

#include <filesystem>
#include <utility>
#include <vector>

namespace nacre::exec {

/// Sources of mounts that are given as descriptors. A runtime takes paths only: so each becomes a mount that only the
/// runtime's own mount namespace has (os::Command::mounts), at a place in the bundle. What the path led to when the
/// descriptor was opened stays mounted, whoever changes the path (CVE-2024-23651).
class StagedMounts {
public:
    /// Makes the places in `folder` and puts them into the spec as sources. Throws SystemError.
    StagedMounts(ContainerSpec& spec, const std::filesystem::path& folder);

    /// The detached mounts and their places, for as long as this object lives.
    const std::vector<std::pair<int, std::filesystem::path>>& places() const noexcept {
        return places_;
    }

private:
    std::vector<os::UniqueFd> mounts_;
    std::vector<std::pair<int, std::filesystem::path>> places_;
};

}  // namespace nacre::exec
