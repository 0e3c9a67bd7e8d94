#include "api/koji/method.hpp"
#include "api/koji/rows.hpp"
#include "hub/history.hpp"
#include "koji/fault.hpp"

namespace nacre::api::koji {
namespace {

using nacre::koji::Fault;
using nacre::koji::FaultCode;

/// What a history can be narrowed by. Of external repositories and groups of packages there is none.
const Signature& filter_signature() {
    static const Signature kFilter{
        "queryHistory(tag=None, build=None, package=None, active=None, editor=None, before=None, "
        "after=None, beforeEvent=None, afterEvent=None, queryOpts=None, user=None, "
        "permission=None, cg=None, host=None, channel=None, external_repo=None, "
        "build_target=None, group=None, xkey=None, utc=None, pkg=None)"};
    return kFilter;
}

/// The id of what `name` gives, if it gives something.
template <class Get>
auto find_id(const Parameters& given, std::string_view name, Get get)
    -> std::optional<decltype(get(std::declval<hub::NameOrId>()).id)> {
    const auto key = given.find_key(name);
    if (!key) return std::nullopt;
    return get(*key).id;
}

hub::Permission get_permission(Context& context, const hub::NameOrId& key) {
    for (const hub::Permission& known : context.hub.users.all_permissions(context.call))
        if (key == hub::NameOrId{known.name} || key == hub::NameOrId{known.id.value()})
            return known;
    throw Fault{FaultCode::GenericError, "No such entry in table permissions: " + hub::plain(key)};
}

hub::HistoryFilter filter_of(Context& context, const Parameters& given) {
    hub::Hub& hub = context.hub;
    hub::Call& call = context.call;
    const auto user = [&](const hub::NameOrId& key) { return hub.users.get(call, key); };
    hub::HistoryFilter filter{
        .tag = find_id(given, "tag", [&](const auto& key) { return hub.tags.get(call, key); }),
        .package = find_id(
            given, "package", [&](const auto& key) { return hub.packages.get_package(call, key); }),
        .user = find_id(given, "user", user),
        .permission = find_id(
            given, "permission", [&](const auto& key) { return get_permission(context, key); }),
        .generator =
            find_id(given, "cg", [&](const auto& key) { return hub.generators.get(call, key); }),
        .target = find_id(
            given, "build_target", [&](const auto& key) { return hub.targets.get(call, key); }),
        .host = find_id(given, "host", [&](const auto& key) { return hub.hosts.get(call, key); }),
        .channel =
            find_id(given, "channel", [&](const auto& key) { return hub.channels.get(call, key); }),
        .extra_key = given.find_text("xkey"),
        .active = given.find_flag("active"),
        .editor = find_id(given, "editor", user),
        .before = given.find_number("before"),
        .after = given.find_number("after"),
        .before_event = given.find_integer("beforeEvent"),
        .after_event = given.find_integer("afterEvent")};
    // `koji untag-build` calls it pkg.
    if (const auto package = given.find_key("pkg"))
        filter.package = hub.packages.get_package(call, *package).id;
    if (const auto build = given.find_build("build"))
        filter.build = hub.builds.get(call, *build).id;
    return filter;
}

Value query_history(Context& context, const Parameters& parameters) {
    const Parameters given = read_members(filter_signature(), parameters.keywords());
    Struct tables;
    if (!given.value("external_repo").is_nil() || !given.value("group").is_nil()) return tables;
    hub::HistoryFilter filter = filter_of(context, given);
    filter.tables = parameters.texts("tables");
    for (hub::HistoryTable& table : hub::read_history(context.call, filter)) {
        Array rows;
        for (Struct& row : table.rows)
            rows.emplace_back(std::move(row));
        tables.set(table.name, std::move(rows));
    }
    return tables;
}

}  // namespace

Methods history_methods() {
    return {
        reading(
            "queryHistory(tables=None, **kwargs)",
            query_history,
            "Who changed what and when: the rows of the versioned tables, {table: rows}."),
    };
}

}  // namespace nacre::api::koji
