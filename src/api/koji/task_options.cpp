#include "api/koji/task_options.hpp"

#include "koji/fault.hpp"

namespace nacre::api::koji {
namespace {

using nacre::koji::Fault;
using nacre::koji::FaultCode;

const Signature& options_signature() {
    static const Signature kOptions{
        "opts(arch=None, not_arch=None, state=None, not_state=None, owner=None, not_owner=None, "
        "host_id=None, not_host_id=None, channel_id=None, not_channel_id=None, parent=None, "
        "not_parent=None, decode=False, method=None, createdBefore=None, createdAfter=None, "
        "startedBefore=None, startedAfter=None, completeBefore=None, completeAfter=None)"};
    return kOptions;
}

template <class Id>
std::vector<Id> ids_of(const Parameters& given, std::string_view name) {
    std::vector<Id> ids;
    for (const std::int64_t number : given.integers(name))
        ids.emplace_back(number);
    return ids;
}

std::vector<hub::UserId> owners_of(Context& context, const Parameters& given) {
    if (given.value("owner").if_string() != nullptr)
        return {context.hub.users.get(context.call, given.get_key("owner")).id};
    return ids_of<hub::UserId>(given, "owner");
}

std::vector<hub::TaskState> states_of(const Parameters& given) {
    std::vector<hub::TaskState> states;
    for (const std::int64_t number : given.integers("state")) {
        const auto state = nacre::koji::find_task_state(number);
        if (!state)
            throw Fault{FaultCode::ParameterError, "Invalid state: " + std::to_string(number)};
        states.push_back(*state);
    }
    return states;
}

/// Filters that would silently be ignored would give wrong answers.
void refuse_negations(const Parameters& given) {
    for (const std::string_view name :
         {"not_arch", "not_state", "not_owner", "not_host_id", "not_channel_id", "not_parent"})
        if (!given.value(name).is_nil())
            throw Fault{
                FaultCode::ParameterError,
                "listTasks() option '" + std::string{name} + "' is left out of this hub"};
}

}  // namespace

TaskListOptions read_task_options(Context& context, const Struct& options) {
    const Parameters given = read_members(options_signature(), options);
    refuse_negations(given);
    const bool has_parent = options.find("parent") != nullptr;
    return {
        .filter =
            {.states = states_of(given),
             .methods = given.texts("method"),
             .arches = given.texts("arch"),
             .owners = owners_of(context, given),
             .hosts = ids_of<hub::HostId>(given, "host_id"),
             .channels = ids_of<hub::ChannelId>(given, "channel_id"),
             .parents = ids_of<hub::TaskId>(given, "parent"),
             .top_level_only = has_parent && given.value("parent").is_nil(),
             .created_before = given.find_number("createdBefore"),
             .created_after = given.find_number("createdAfter"),
             .started_before = given.find_number("startedBefore"),
             .started_after = given.find_number("startedAfter"),
             .completed_before = given.find_number("completeBefore"),
             .completed_after = given.find_number("completeAfter")},
        .decode = given.flag("decode")};
}

hub::NewTask new_task_of(const Parameters& given) {
    hub::NewTask task{
        .method = given.get_text("method"),
        .request = {},
        .label = given.find_text("label"),
        .priority = given.find_integer("priority"),
        .channel = given.find_text("channel"),
        .arch = given.find_text("arch").value_or("noarch")};
    const Value& arguments = given.value("arglist");
    if (const Struct* keywords = arguments.if_struct())
        task.request = nacre::koji::join_arguments({.positional = {}, .keywords = *keywords});
    else
        task.request = given.get_array("arglist");
    if (const auto parent = given.find_integer("parent")) task.parent = hub::TaskId{*parent};
    if (const auto owner = given.find_integer("owner")) task.owner = hub::UserId{*owner};
    if (const auto host = given.find_integer("assign")) task.assign = hub::HostId{*host};
    return task;
}

}  // namespace nacre::api::koji
