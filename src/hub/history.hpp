#pragma once

#include "hub/call.hpp"
#include "koji/value.hpp"

#include <optional>
#include <string>
#include <vector>

namespace nacre::hub {

/// What queryHistory is narrowed by. A table that has nothing to do with a member that is given is left out.
struct HistoryFilter {
    std::vector<std::string> tables;  ///< empty: all
    std::optional<TagId> tag;         ///< of an inheritance: the child or the parent
    std::optional<BuildId> build;
    std::optional<PackageId> package;
    std::optional<UserId> user;
    std::optional<PermissionId> permission;
    std::optional<ContentGeneratorId> generator;
    std::optional<TargetId> target;
    std::optional<HostId> host;
    std::optional<ChannelId> channel;
    std::optional<std::string> extra_key;
    std::optional<bool> active;
    std::optional<UserId> editor;  ///< who created or revoked
    /// Created or revoked then: seconds since 1970, and events.
    std::optional<double> before, after;
    std::optional<std::int64_t> before_event, after_event;
};

struct HistoryTable {
    std::string name;
    std::vector<koji::Struct> rows;  ///< as Koji names their fields
};

/// The versioned tables, as Koji's queryHistory answers. Fault 1000 "No such history table: x".
std::vector<HistoryTable> read_history(Call& call, const HistoryFilter& filter);

}  // namespace nacre::hub
