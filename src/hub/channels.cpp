#include "hub/channels.hpp"

#include "hub/audit.hpp"
#include "hub/permissions.hpp"
#include "hub/statement.hpp"
#include "koji/fault.hpp"

namespace nacre::hub {
namespace {

using koji::Fault;
using koji::FaultCode;

constexpr std::string_view kColumns =
    "SELECT c.id, c.name, c.description, c.enabled, c.comment FROM channels c";

Channel read_channel(const sql::Row& row) {
    return Channel{
        ChannelId{row.integer(0)},
        row.text(1),
        row.find_text(2),
        row.integer(3) != 0,
        row.find_text(4)};
}

}  // namespace

std::optional<Channel> Channels::find(Call& call, const NameOrId& key) const {
    Conditions conditions;
    if (const auto* name = std::get_if<std::string>(&key)) {
        conditions.add("c.name = ?", {*name});
    } else {
        conditions.add("c.id = ?", {std::get<std::int64_t>(key)});
    }
    const sql::Rows rows =
        call.sql().query(std::string{kColumns} + conditions.where(), conditions.parameters());
    if (rows.empty()) return std::nullopt;
    return read_channel(rows[0]);
}

Channel Channels::get(Call& call, const NameOrId& key) const {
    auto channel = find(call, key);
    if (!channel) throw Fault{FaultCode::GenericError, "No such channel: " + plain(key)};
    return *std::move(channel);
}

std::vector<Channel> Channels::list(Call& call, const ChannelFilter& filter) const {
    Conditions conditions;
    std::string joined;
    if (filter.host) {
        joined = " JOIN host_channels h ON h.channel_id = c.id";
        conditions.add("h.host_id = ?", bound(*filter.host));
        conditions.add_in_force("h", filter.as_of);
    }
    conditions.add_if("c.enabled = ?", filter.enabled);
    std::vector<Channel> channels;
    for (const sql::Row& row : call.sql().query(
             std::string{kColumns} + joined + conditions.where() + " ORDER BY c.id",
             conditions.parameters()))
        channels.push_back(read_channel(row));
    return channels;
}

ChannelId Channels::add(
    Call& call, std::string_view name, const std::optional<std::string>& description) const {
    require_permission(call, "admin");
    if (name.empty()) throw Fault{FaultCode::NameValidationError, "channel name must not be empty"};
    if (find(call, std::string{name}))
        throw Fault{FaultCode::GenericError, "channel " + std::string{name} + " already exists"};
    audit(call, "channel.add", name);
    return ChannelId{call.sql().insert(
        "INSERT INTO channels (name, description, enabled) VALUES (?, ?, 1)",
        bound(name, description))};
}

void Channels::edit(Call& call, const NameOrId& key, const ChannelChange& change) const {
    require_permission(call, "admin");
    const Channel channel = get(call, key);
    if (change.name && *change.name != channel.name && find(call, *change.name))
        throw Fault{
            FaultCode::GenericError,
            "channel " + *change.name + " already exists (id=" + channel.id.str() + ")"};
    call.sql().execute(
        "UPDATE channels SET name = ?, description = ?, comment = ? WHERE id = ?",
        bound(
            change.name.value_or(channel.name),
            change.description ? change.description : channel.description,
            change.comment ? change.comment : channel.comment,
            channel.id));
    audit(call, "channel.edit", channel.name);
}

void Channels::set_enabled(
    Call& call,
    const NameOrId& key,
    bool enabled,
    const std::optional<std::string>& comment) const {
    require_permission(call, "admin");
    const Channel channel = get(call, key);
    call.sql().execute(
        "UPDATE channels SET enabled = ?, comment = ? WHERE id = ?",
        bound(enabled, comment ? comment : channel.comment, channel.id));
    audit(call, enabled ? "channel.enable" : "channel.disable", channel.name);
    call.ring(&Bells::work);
}

}  // namespace nacre::hub
