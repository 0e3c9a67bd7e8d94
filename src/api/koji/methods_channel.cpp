#include "api/koji/method.hpp"
#include "api/koji/rows.hpp"

namespace nacre::api::koji {
namespace {

Value add_channel(Context& context, const Parameters& parameters) {
    return value_of(context.hub.channels.add(
        context.call, parameters.get_text("channel_name"), parameters.find_text("description")));
}

Value edit_channel(Context& context, const Parameters& parameters) {
    static const Signature kChange{"editChannel(name=None, description=None, comment=None)"};
    const Parameters given = read_members(kChange, parameters.keywords());
    context.hub.channels.edit(
        context.call,
        parameters.get_key("channelInfo"),
        {.name = given.find_text("name"),
         .description = given.find_text("description"),
         .comment = given.find_text("comment")});
    return true;
}

Value rename_channel(Context& context, const Parameters& parameters) {
    context.hub.channels.edit(
        context.call, parameters.get_key("old"), {.name = parameters.get_text("new")});
    return nullptr;
}

Value enable_channel(Context& context, const Parameters& parameters) {
    context.hub.channels.set_enabled(
        context.call, parameters.get_key("channelname"), true, parameters.find_text("comment"));
    return nullptr;
}

Value disable_channel(Context& context, const Parameters& parameters) {
    context.hub.channels.set_enabled(
        context.call, parameters.get_key("channelname"), false, parameters.find_text("comment"));
    return nullptr;
}

Value get_channel(Context& context, const Parameters& parameters) {
    const hub::NameOrId key = parameters.get_key("channelInfo");
    if (parameters.flag("strict")) return row_of(context.hub.channels.get(context.call, key));
    return row_or_nil(context.hub.channels.find(context.call, key));
}

Value list_channels(Context& context, const Parameters& parameters) {
    hub::ChannelFilter filter{
        .enabled = parameters.find_flag("enabled"), .as_of = parameters.as_of("event")};
    if (const auto host = parameters.find_key("hostID"))
        filter.host = context.hub.hosts.get(context.call, *host).id;
    return rows_of(context.hub.channels.list(context.call, filter));
}

}  // namespace

Methods channel_methods() {
    return {
        changing(
            "addChannel(channel_name, description=None)",
            add_channel,
            "Makes a channel; gives its id. Admin."),
        changing(
            "editChannel(channelInfo, **kw)",
            edit_channel,
            "Changes name, description, comment of a channel. Admin."),
        changing("renameChannel(old, new)", rename_channel, "Renames a channel. Admin."),
        changing(
            "enableChannel(channelname, comment=None)", enable_channel, "Opens a channel. Admin."),
        changing(
            "disableChannel(channelname, comment=None)",
            disable_channel,
            "Closes a channel. Admin."),
        reading("getChannel(channelInfo, strict=False)", get_channel, "A channel by name or id."),
        reading(
            "listChannels(hostID=None, event=None, enabled=None)",
            list_channels,
            "Channels: all, or those of a host."),
    };
}

}  // namespace nacre::api::koji
