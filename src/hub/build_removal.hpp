#pragma once

#include "hub/archives.hpp"
#include "hub/task_files.hpp"

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace nacre::hub {

/// What holds a build: as long as there is any of it, the build cannot be deleted.
struct BuildReferences {
    std::vector<std::pair<TagId, std::string>> tags;
    std::vector<Archive>
        archives;  ///< that were made in a build root with an archive of the build in it
    std::vector<ArchiveId> component_of;  ///< that have an archive of the build inside

    bool any() const noexcept {
        return !tags.empty() || !archives.empty() || !component_of.empty();
    }
};

enum class Strict : std::uint8_t { No, Yes };

/// Deletes builds that nothing refers to: the rows stay, marked DELETED, so that the NVR is never given to
/// another; the files go. Thread-safe.
class BuildRemoval {
public:
    BuildRemoval(const Builds& builds, const Archives& archives, const TaskFiles& files)
        : builds_{builds},
          archives_{archives},
          files_{files} {}

    BuildReferences references(Call& call, BuildId build) const;

    /// Admin. False when it is referred to; with Strict::Yes fault 1000 "Cannot delete build, tagged: ...". Nothing
    /// for one that is deleted already. The files go after the commit.
    std::optional<bool> remove(Call& call, const BuildKey& key, Strict strict) const;

    /// Files of deleted builds that a killed process left. Returns how many builds had some.
    int sweep(Call& call) const;

private:
    const Builds& builds_;
    const Archives& archives_;
    const TaskFiles& files_;
};

}  // namespace nacre::hub
