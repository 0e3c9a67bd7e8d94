#include "hub/hosts.hpp"

#include "base/text.hpp"
#include "hub/audit.hpp"
#include "hub/permissions.hpp"
#include "hub/statement.hpp"
#include "koji/fault.hpp"

#include <set>

namespace nacre::hub {
namespace {

using koji::Fault;
using koji::FaultCode;

constexpr std::string_view kColumns =
    "SELECT h.id, h.user_id, h.name, h.ready, h.task_load, h.update_time, c.arches, c.capacity,"
    " c.description, c.comment, c.enabled FROM host h JOIN host_config c ON c.host_id = h.id";
constexpr double kDefaultCapacity = 2.0;

Host read_host(const sql::Row& row) {
    return Host{
        .id = HostId{row.integer(0)},
        .user = UserId{row.integer(1)},
        .name = row.text(2),
        .ready = row.integer(3) != 0,
        .task_load = row.real(4),
        .update_us = row.find_integer(5),
        .arches = row.text(6),
        .capacity = row.real(7),
        .description = row.find_text(8),
        .comment = row.find_text(9),
        .enabled = row.integer(10) != 0};
}

void write_config(Call& call, const Host& host) {
    revoke(call, "host_config", "host_id = ?", bound(host.id));
    insert_versioned(
        call,
        "host_config",
        {{"host_id", sql_value(host.id)},
         {"arches", host.arches},
         {"capacity", host.capacity},
         {"description", sql_value(host.description)},
         {"comment", sql_value(host.comment)},
         {"enabled", sql_value(host.enabled)}});
    call.ring(&Bells::work);
}

/// Koji's edit_host and addHost need `host`.
void require_host_permission(Call& call) {
    require_permission(call, "host");
}

}  // namespace

std::optional<Host> Hosts::find(Call& call, const NameOrId& key, AsOf as_of) const {
    Conditions conditions;
    if (const auto* name = std::get_if<std::string>(&key)) {
        conditions.add("h.name = ?", {*name});
    } else {
        conditions.add("h.id = ?", {std::get<std::int64_t>(key)});
    }
    conditions.add_in_force("c", as_of);
    const sql::Rows rows =
        call.sql().query(std::string{kColumns} + conditions.where(), conditions.parameters());
    if (rows.empty()) return std::nullopt;
    return read_host(rows[0]);
}

Host Hosts::get(Call& call, const NameOrId& key) const {
    auto host = find(call, key);
    if (!host) throw Fault{FaultCode::GenericError, "No such host: " + plain(key)};
    return *std::move(host);
}

std::optional<Host> Hosts::find_by_user(Call& call, UserId user) const {
    const sql::Rows rows = call.sql().query(
        std::string{kColumns} + " WHERE h.user_id = ? AND c.active = 1", bound(user));
    if (rows.empty()) return std::nullopt;
    return read_host(rows[0]);
}

std::vector<Host> Hosts::list(
    Call& call, const HostFilter& filter, const QueryOptions& options) const {
    Conditions conditions;
    conditions.add("c.active = 1");
    conditions.add_if("c.enabled = ?", filter.enabled);
    conditions.add_if("h.ready = ?", filter.ready);
    conditions.add_if("h.user_id = ?", filter.user);
    conditions.add_if(
        "h.id IN (SELECT host_id FROM host_channels WHERE active = 1 AND channel_id = ?)",
        filter.channel);
    const sql::Rows rows = call.sql().query(
        std::string{kColumns} + conditions.where()
            + order_and_page(
                options,
                {{"id", "h.id"},
                 {"name", "h.name"},
                 {"update_ts", "h.update_time", Nulls::Possible}},
                "h.id"),
        conditions.parameters());
    std::vector<Host> hosts;
    for (const sql::Row& row : rows) {
        Host host = read_host(row);
        const auto arches = split_words(host.arches);
        const bool wanted =
            filter.arches.empty()
            || std::any_of(arches.begin(), arches.end(), [&](const std::string& arch) {
                   return std::find(filter.arches.begin(), filter.arches.end(), arch)
                          != filter.arches.end();
               });
        if (wanted) hosts.push_back(std::move(host));
    }
    return hosts;
}

std::vector<std::string> Hosts::all_arches(Call& call) const {
    std::set<std::string> arches;
    for (const Host& host : list(call, {}))
        for (std::string& arch : split_words(host.arches))
            arches.insert(std::move(arch));
    return {arches.begin(), arches.end()};
}

HostId Hosts::add(
    Call& call,
    std::string_view name,
    const std::vector<std::string>& arches,
    const std::optional<std::string>& krb_principal,
    Force force) const {
    require_host_permission(call);
    if (find(call, std::string{name}))
        throw Fault{FaultCode::GenericError, "host '" + std::string{name} + "' already exists"};
    const Users users;
    UserId user;
    if (const auto known = users.find(call, std::string{name})) {
        if (force == Force::No && known->type != UserType::Host)
            throw Fault{
                FaultCode::GenericError,
                "user " + std::string{name} + " already exists and it is not forced"};
        user = known->id;
        call.sql().execute(
            "UPDATE users SET usertype = ? WHERE id = ?",
            bound(static_cast<std::int64_t>(UserType::Host), user));
    } else {
        user = users.insert(
            call,
            NewUser{
                .name = std::string{name}, .type = UserType::Host, .krb_principal = krb_principal});
    }
    const HostId id{call.sql().insert(
        "INSERT INTO host (user_id, name, ready, task_load, methods) VALUES (?, ?, 0, 0.0, '')",
        bound(user, name))};
    write_config(call, Host{.id = id, .arches = join(arches, " "), .capacity = kDefaultCapacity});
    const auto channel = Channels{}.get(call, std::string{"default"});
    insert_versioned(
        call, "host_channels", {{"host_id", sql_value(id)}, {"channel_id", sql_value(channel.id)}});
    audit(call, "host.add", name);
    return id;
}

bool Hosts::edit(Call& call, const NameOrId& key, const HostChange& change) const {
    require_host_permission(call);
    Host host = get(call, key);
    const Host before = host;
    if (change.arches) host.arches = *change.arches;
    if (change.capacity) host.capacity = *change.capacity;
    if (change.description) host.description = change.description;
    if (change.comment) host.comment = change.comment;
    if (host.arches == before.arches && !(host.capacity < before.capacity)
        && !(host.capacity > before.capacity) && host.description == before.description
        && host.comment == before.comment)
        return false;
    write_config(call, host);
    audit(call, "host.edit", host.name);
    return true;
}

void Hosts::set_enabled(Call& call, const NameOrId& key, bool enabled) const {
    require_host_permission(call);
    Host host = get(call, key);
    if (host.enabled == enabled) return;
    host.enabled = enabled;
    write_config(call, host);
    audit(call, enabled ? "host.enable" : "host.disable", host.name);
}

void Hosts::add_to_channel(
    Call& call,
    const NameOrId& host,
    std::string_view channel,
    IfMissing if_missing,
    Force force) const {
    require_host_permission(call);
    const Host member = get(call, host);
    const Channels channels;
    auto into = channels.find(call, std::string{channel});
    if (!into) {
        if (if_missing == IfMissing::Refuse)
            throw Fault{FaultCode::GenericError, "channel does not exist: " + std::string{channel}};
        into = channels.get(call, channels.add(call, channel, {}).value());
    }
    if (!into->enabled && force == Force::No)
        throw Fault{FaultCode::GenericError, "channel " + into->name + " is disabled"};
    for (const Channel& known : channels.list(call, {.host = member.id}))
        if (known.id == into->id)
            throw Fault{
                FaultCode::GenericError,
                "host " + member.name + " is already subscribed to the " + into->name + " channel"};
    insert_versioned(
        call,
        "host_channels",
        {{"host_id", sql_value(member.id)}, {"channel_id", sql_value(into->id)}});
    audit(call, "host.channel.add", member.name, into->name);
    call.ring(&Bells::work);
}

void Hosts::remove_from_channel(Call& call, const NameOrId& host, std::string_view channel) const {
    require_host_permission(call);
    const Host member = get(call, host);
    const Channel from = Channels{}.get(call, std::string{channel});
    if (revoke(call, "host_channels", "host_id = ? AND channel_id = ?", bound(member.id, from.id))
        == 0)
        throw Fault{
            FaultCode::GenericError,
            "host " + member.name + " is not subscribed to the " + from.name + " channel"};
    audit(call, "host.channel.remove", member.name, from.name);
}

}  // namespace nacre::hub
