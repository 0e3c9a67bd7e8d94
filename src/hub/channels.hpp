#pragma once

#include "hub/call.hpp"
#include "hub/users.hpp"

#include <optional>
#include <string>
#include <vector>

namespace nacre::hub {

struct Channel {
    ChannelId id;
    std::string name;
    std::optional<std::string> description;
    bool enabled = true;
    std::optional<std::string> comment;
};

struct ChannelFilter {
    std::optional<HostId> host;
    std::optional<bool> enabled;
    AsOf as_of;
};

struct ChannelChange {
    std::optional<std::string> name;
    std::optional<std::string> description;
    std::optional<std::string> comment;
};

/// Stateless: thread-safe. Changes need admin.
class Channels {
public:
    std::optional<Channel> find(Call& call, const NameOrId& key) const;
    Channel get(Call& call, const NameOrId& key) const;
    std::vector<Channel> list(Call& call, const ChannelFilter& filter = {}) const;

    ChannelId add(
        Call& call, std::string_view name, const std::optional<std::string>& description) const;
    void edit(Call& call, const NameOrId& key, const ChannelChange& change) const;
    void set_enabled(
        Call& call,
        const NameOrId& key,
        bool enabled,
        const std::optional<std::string>& comment = {}) const;
};

}  // namespace nacre::hub
