#pragma once

#include "hub/channels.hpp"
#include "hub/sessions.hpp"

#include <optional>
#include <string>
#include <vector>

namespace nacre::hub {

struct Host {
    HostId id;
    UserId user;
    std::string name;
    bool ready = false;
    double task_load = 0;
    std::optional<std::int64_t> update_us;  ///< when it last spoke
    std::string arches;                     ///< separated by blanks
    double capacity = 2;
    std::optional<std::string> description;
    std::optional<std::string> comment;
    bool enabled = true;
};

struct HostFilter {
    std::vector<std::string> arches;
    std::optional<ChannelId> channel;
    std::optional<bool> ready;
    std::optional<bool> enabled;
    std::optional<UserId> user;
};

struct HostChange {
    std::optional<std::string> arches;
    std::optional<double> capacity;
    std::optional<std::string> description;
    std::optional<std::string> comment;
};

/// Builder machines. Changes need `host` or admin, as Koji has it. Stateless: thread-safe.
class Hosts {
public:
    std::optional<Host> find(Call& call, const NameOrId& key, AsOf as_of = {}) const;
    Host get(Call& call, const NameOrId& key) const;
    std::optional<Host> find_by_user(Call& call, UserId user) const;
    std::vector<Host> list(
        Call& call, const HostFilter& filter, const QueryOptions& options = {}) const;
    std::vector<std::string> all_arches(Call& call) const;

    /// Makes a HOST user and subscribes it to channel "default".
    HostId add(
        Call& call,
        std::string_view name,
        const std::vector<std::string>& arches,
        const std::optional<std::string>& krb_principal = {},
        Force force = Force::No) const;
    bool edit(Call& call, const NameOrId& key, const HostChange& change) const;
    void set_enabled(Call& call, const NameOrId& key, bool enabled) const;
    void add_to_channel(
        Call& call,
        const NameOrId& host,
        std::string_view channel,
        IfMissing if_missing,
        Force force = Force::No) const;
    void remove_from_channel(Call& call, const NameOrId& host, std::string_view channel) const;
};

}  // namespace nacre::hub
