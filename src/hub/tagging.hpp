#pragma once

#include "hub/builds.hpp"
#include "hub/package_lists.hpp"
#include "hub/publications.hpp"
#include "hub/tasks.hpp"

#include <optional>
#include <string>
#include <vector>

namespace nacre::hub {

struct TaggedBuild {
    Build build;
    TagId tag;
    std::string tag_name;
    EventId create_event;
};

struct TaggedFilter {
    bool inherit = false;
    std::int64_t latest = 0;  ///< how many builds of each package, the newest first; 0: all
    std::optional<std::string> package;
    std::optional<std::string> prefix;  ///< of the package's name
    std::optional<std::string> owner;
    std::optional<std::string> type;  ///< btype
    AsOf as_of;
    bool with_extra = false;  ///< else Build::extra, which may be long, is not read
};

/// Which builds are in which tags (reference C.3, C.3.1). Thread-safe.
class Tagging {
public:
    struct Parts {
        const Policies& policies;
        const Tags& tags;
        const PackageLists& packages;
        const Builds& builds;
        const Tasks& tasks;
        const Publications& publications;
    };

    explicit Tagging(const Parts& parts) : parts_{parts} {}

    std::vector<TaggedBuild> list(
        Call& call, TagId tag, const TaggedFilter& filter, const QueryOptions& options = {}) const;
    std::vector<TaggedBuild> latest(
        Call& call,
        TagId tag,
        const std::optional<std::string>& package = {},
        const std::optional<std::string>& type = {},
        AsOf as_of = {}) const;
    std::vector<Build> untagged(Call& call, const std::optional<std::string>& package) const;

    /// Checks as Koji does, then tags at once, inside the hub; the task that is returned is already closed.
    /// With `from` the build leaves that tag. Faults 1003 "Package x not in list for t", "Package x blocked in
    /// t", "build 1 not complete: state BUILDING", "build n-v-r already tagged (t)"; 1004 from policy "tag".
    TaskId tag(
        Call& call,
        const NameOrId& tag,
        const BuildKey& build,
        Force force = Force::No,
        const std::optional<NameOrId>& from = {}) const;
    /// The same without a task: host.tagBuild, and an import that names its destination.
    void tag_directly(
        Call& call,
        const NameOrId& tag,
        const BuildKey& build,
        Force force,
        const std::optional<NameOrId>& from = {}) const;
    /// `strict`: fault 1003 "build n-v-r not in tag t".
    void untag(
        Call& call,
        const NameOrId& tag,
        const BuildKey& build,
        bool strict = true,
        Force force = Force::No) const;
    std::vector<TaskId> move_all(
        Call& call,
        const NameOrId& from,
        const NameOrId& to,
        const NameOrId& package,
        Force force) const;

private:
    struct Request {
        NameOrId tag;
        BuildKey build;
        Force force = Force::No;
        std::optional<NameOrId> from;
    };

    struct Move {
        std::string_view operation;
        std::optional<Tag> to;
        std::optional<Tag> from;
        Build build;
        Force force = Force::No;
    };

    std::vector<TaggedBuild> read_tagged(Call& call, TagId tag, const TaggedFilter& filter) const;
    void check_package(Call& call, const Tag& tag, const Build& build, Force force) const;
    void check_policy(Call& call, const Move& move) const;
    Move checked_move(Call& call, const Request& request) const;
    void perform(Call& call, const Move& move) const;
    void insert(Call& call, const Tag& tag, const Build& build) const;
    bool revoke(Call& call, const Tag& tag, const Build& build) const;

    Parts parts_;
};

}  // namespace nacre::hub
