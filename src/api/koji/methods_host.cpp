#include "api/koji/method.hpp"
#include "api/koji/rows.hpp"
#include "base/text.hpp"
#include "koji/fault.hpp"

namespace nacre::api::koji {
namespace {

using nacre::koji::Fault;
using nacre::koji::FaultCode;

std::vector<std::string> arches_of(const Parameters& parameters) {
    std::vector<std::string> arches;
    for (const std::string& text : parameters.texts("arches"))
        for (std::string& arch : split_words(text))
            arches.push_back(std::move(arch));
    return arches;
}

Value add_host(Context& context, const Parameters& parameters) {
    return value_of(context.hub.hosts.add(
        context.call,
        parameters.get_text("hostname"),
        arches_of(parameters),
        parameters.find_text("krb_principal"),
        parameters.force("force")));
}

Value enable_host(Context& context, const Parameters& parameters) {
    context.hub.hosts.set_enabled(context.call, parameters.get_key("hostname"), true);
    return nullptr;
}

Value disable_host(Context& context, const Parameters& parameters) {
    context.hub.hosts.set_enabled(context.call, parameters.get_key("hostname"), false);
    return nullptr;
}

Value get_host(Context& context, const Parameters& parameters) {
    const hub::NameOrId key = parameters.get_key("hostInfo");
    const auto host = context.hub.hosts.find(context.call, key, parameters.as_of("event"));
    if (!host && parameters.flag("strict"))
        throw Fault{FaultCode::GenericError, "No such host: " + hub::shown(key)};
    return row_or_nil(host);
}

Value edit_host(Context& context, const Parameters& parameters) {
    static const Signature kChange{
        "editHost(arches=None, capacity=None, description=None, comment=None)"};
    const Parameters given = read_members(kChange, parameters.keywords());
    return context.hub.hosts.edit(
        context.call,
        parameters.get_key("hostInfo"),
        {.arches = given.find_text("arches"),
         .capacity = given.find_number("capacity"),
         .description = given.find_text("description"),
         .comment = given.find_text("comment")});
}

Value list_hosts(Context& context, const Parameters& parameters) {
    hub::HostFilter filter{
        .arches = arches_of(parameters),
        .ready = parameters.find_flag("ready"),
        .enabled = parameters.find_flag("enabled")};
    if (const auto channel = parameters.find_key("channelID"))
        filter.channel = context.hub.channels.get(context.call, *channel).id;
    if (const auto user = parameters.find_key("userID"))
        filter.user = context.hub.users.get(context.call, *user).id;
    const Query query = parameters.query("queryOpts");
    return rows_of(context.hub.hosts.list(context.call, filter, query.options), query);
}

Value get_last_host_update(Context& context, const Parameters& parameters) {
    const hub::Host host = context.hub.hosts.get(context.call, parameters.get_key("hostID"));
    return parameters.flag("ts") ? seconds_of(host.update_us) : time_of(host.update_us);
}

Value get_all_arches(Context& context, const Parameters&) {
    return value_of(context.hub.hosts.all_arches(context.call));
}

Value add_host_to_channel(Context& context, const Parameters& parameters) {
    context.hub.hosts.add_to_channel(
        context.call,
        parameters.get_key("hostname"),
        parameters.get_text("channel_name"),
        parameters.if_missing("create"),
        parameters.force("force"));
    return nullptr;
}

Value remove_host_from_channel(Context& context, const Parameters& parameters) {
    context.hub.hosts.remove_from_channel(
        context.call, parameters.get_key("hostname"), parameters.get_text("channel_name"));
    return nullptr;
}

}  // namespace

Methods host_methods() {
    return {
        changing(
            "addHost(hostname, arches, krb_principal=None, force=False)",
            add_host,
            "Makes a builder and its user; gives its id."),
        changing("enableHost(hostname)", enable_host, "Gives tasks to a host again."),
        changing("disableHost(hostname)", disable_host, "Gives a host no new tasks."),
        reading("getHost(hostInfo, strict=False, event=None)", get_host, "A host by name or id."),
        changing(
            "editHost(hostInfo, **kw)",
            edit_host,
            "Changes arches, capacity, description, comment; gives whether something changed."),
        reading(
            "listHosts(arches=None, channelID=None, ready=None, enabled=None, "
            "userID=None, queryOpts=None)",
            list_hosts,
            "Hosts for which all that is given holds."),
        reading(
            "getLastHostUpdate(hostID, ts=False)",
            get_last_host_update,
            "When a host last spoke, as text or in seconds."),
        reading("getAllArches()", get_all_arches, "The architectures of all hosts."),
        changing(
            "addHostToChannel(hostname, channel_name, create=False, force=False)",
            add_host_to_channel,
            "Subscribes a host to a channel."),
        changing(
            "removeHostFromChannel(hostname, channel_name)",
            remove_host_from_channel,
            "Undoes addHostToChannel."),
    };
}

}  // namespace nacre::api::koji
