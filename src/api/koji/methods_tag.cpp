#include "api/koji/method.hpp"
#include "api/koji/rows.hpp"
#include "koji/fault.hpp"

#include <map>

namespace nacre::api::koji {
namespace {

using nacre::koji::Fault;
using nacre::koji::FaultCode;

/// nil for an unknown tag, a fault with strict: as Koji's get_tag.
std::optional<hub::Tag> find_tag(
    Context& context, const Parameters& parameters, std::string_view name) {
    const hub::NameOrId key = parameters.get_key(name);
    const hub::AsOf as_of = parameters.as_of("event");
    if (parameters.flag("strict")) return context.hub.tags.get(context.call, key, as_of);
    return context.hub.tags.find(context.call, key, as_of);
}

hub::TagId tag_id(Context& context, const Parameters& parameters, std::string_view name) {
    return context.hub.tags.get(context.call, parameters.get_key(name)).id;
}

Value get_tag(Context& context, const Parameters& parameters) {
    return row_or_nil(find_tag(context, parameters, "tagInfo"));
}

Value get_tag_id(Context& context, const Parameters& parameters) {
    const hub::NameOrId key = parameters.get_key("info");
    if (parameters.flag("strict")) return value_of(context.hub.tags.get(context.call, key).id);
    const auto tag = context.hub.tags.find(context.call, key);
    return tag ? value_of(tag->id) : Value{};
}

Value create_tag(Context& context, const Parameters& parameters) {
    return value_of(context.hub.tags.create(
        context.call,
        {.name = parameters.get_text("name"),
         .parent = parameters.find_key("parent"),
         .arches = parameters.find_text("arches"),
         .permission = parameters.find_key("perm"),
         .locked = parameters.flag("locked"),
         .maven_support = parameters.flag("maven_support"),
         .maven_include_all = parameters.flag("maven_include_all"),
         .extra = parameters.structure("extra")}));
}

Value edit_tag2(Context& context, const Parameters& parameters) {
    static const Signature kChange{
        "editTag2(name=None, arches=None, perm=None, perm_id=None, locked=None, "
        "maven_support=None, "
        "maven_include_all=None, extra=None, remove_extra=None, block_extra=None)"};
    const Struct& members = parameters.keywords();
    const Parameters given = read_members(kChange, members);
    hub::TagChange change{
        .name = given.find_text("name"),
        .arches = std::nullopt,
        .permission = std::nullopt,
        .locked = given.find_flag("locked"),
        .maven_support = given.find_flag("maven_support"),
        .maven_include_all = given.find_flag("maven_include_all"),
        .extra = given.structure("extra"),
        .remove_extra = given.texts("remove_extra")};
    // nil says "none" for these two, absence "as it is".
    if (members.find("arches") != nullptr) change.arches.emplace(given.find_text("arches"));
    if (members.find("perm") != nullptr) change.permission.emplace(given.find_key("perm"));
    if (members.find("perm_id") != nullptr) change.permission.emplace(given.find_key("perm_id"));
    if (!given.texts("block_extra").empty())
        throw Fault{FaultCode::GenericError, "block_extra is left out: set an own value instead"};
    context.hub.tags.edit(context.call, parameters.get_key("tagInfo"), change);
    return nullptr;
}

Value edit_tag(Context& context, const Parameters& parameters) {
    context.hub.tags.edit(
        context.call,
        parameters.get_key("tagInfo"),
        {.name = parameters.find_text("name"),
         .arches = std::optional{parameters.find_text("arches")},
         .permission = std::optional{parameters.find_key("permissionID")},
         .locked = parameters.find_flag("locked"),
         .extra = parameters.structure("extra")});
    return nullptr;
}

Value delete_tag(Context& context, const Parameters& parameters) {
    context.hub.tags.remove(context.call, parameters.get_key("tagInfo"));
    return nullptr;
}

/// With a package: the rows say who owns it there and whether it is blocked.
Value tags_of_package(
    Context& context, const std::vector<hub::Tag>& tags, const hub::Package& package) {
    std::map<hub::TagId, hub::TagPackage> entries;
    hub::PackageListFilter filter;
    filter.package = package.id.value();
    for (const hub::TagPackage& entry : context.hub.packages.list(context.call, filter))
        entries.emplace(entry.tag, entry);
    Array rows;
    for (const hub::Tag& tag : tags) {
        Struct row = row_of(tag);
        if (const auto found = entries.find(tag.id); found != entries.end()) {
            row.set("owner_id", value_of(found->second.owner));
            row.set("owner_name", value_of(found->second.owner_name));
            row.set("blocked", found->second.blocked);
            row.set("extra_arches", value_of(found->second.extra_arches));
        }
        rows.emplace_back(std::move(row));
    }
    return rows;
}

Value list_tags(Context& context, const Parameters& parameters) {
    hub::TagFilter filter;
    filter.pattern = parameters.find_text("pattern");
    if (const auto build = parameters.find_build("build"))
        filter.build = context.hub.builds.get(context.call, *build).id;
    std::optional<hub::Package> package;
    if (const auto key = parameters.find_key("package")) {
        package = context.hub.packages.get_package(context.call, *key);
        filter.package = package->id;
    }
    const Query query = parameters.query("queryOpts");
    const auto tags = context.hub.tags.list(context.call, filter, query.options);
    if (package && !query.count_only) return tags_of_package(context, tags, *package);
    return rows_of(tags, query);
}

Struct link_of(Context& context, hub::TagId tag) {
    const auto found = context.hub.tags.find(context.call, tag.value());
    return make_struct(
        {{"id", value_of(tag)},
         {"parent_id", value_of(tag)},
         {"name", found ? Value{found->name} : Value{}}});
}

Value get_build_config(Context& context, const Parameters& parameters) {
    const hub::BuildConfiguration configuration = context.hub.tags.build_configuration(
        context.call, parameters.get_key("tag"), parameters.as_of("event"));
    Struct extra;
    for (const auto& [name, tag] : configuration.extra_from)
        extra.set(name, link_of(context, tag));
    Struct inheritance;
    inheritance.set("extra", extra);
    inheritance.set(
        "arches",
        configuration.arches_from ? Value{link_of(context, *configuration.arches_from)} : Value{});
    Struct row = row_of(configuration.tag);
    row.set("config_inheritance", inheritance);
    return row;
}

Value get_inheritance_data(Context& context, const Parameters& parameters) {
    return rows_of(context.hub.tags.parents(
        context.call, tag_id(context, parameters, "tag"), parameters.as_of("event")));
}

hub::InheritanceChange change_of(const Value& value, hub::TagId child) {
    static const Signature kLink{
        "setInheritanceData(parent_id, priority, name=None, child_id=None, maxdepth=None, "
        "intransitive=False, noconfig=False, pkg_filter='', delete link=False)"};
    const Struct* members = value.if_struct();
    if (members == nullptr)
        throw Fault{FaultCode::ParameterError, "Invalid inheritance data: expected structs"};
    // "delete link" needs only a parent.
    Struct complete = *members;
    if (complete.find("priority") == nullptr) complete.set("priority", 0);
    const Parameters given = read_members(kLink, complete);
    return {
        .link =
            {.child = child,
             .parent = hub::TagId{given.get_integer("parent_id")},
             .parent_name = "",
             .priority = given.get_integer("priority"),
             .max_depth = given.find_integer("maxdepth"),
             .intransitive = given.flag("intransitive"),
             .no_config = given.flag("noconfig"),
             .package_filter = given.find_text("pkg_filter").value_or("")},
        .remove = given.flag("delete link")};
}

Value set_inheritance_data(Context& context, const Parameters& parameters) {
    const hub::TagId tag = tag_id(context, parameters, "tag");
    const Value& data = parameters.value("data");
    std::vector<hub::InheritanceChange> changes;
    if (data.if_struct() != nullptr) {
        changes.push_back(change_of(data, tag));
    } else {
        for (const Value& link : parameters.get_array("data"))
            changes.push_back(change_of(link, tag));
    }
    context.hub.tags.change_inheritance(
        context.call, tag, changes, parameters.flag("clear") ? hub::Clear::Yes : hub::Clear::No);
    return nullptr;
}

Value get_full_inheritance(Context& context, const Parameters& parameters) {
    const bool reverse = parameters.flag("reverse");
    const auto links = context.hub.tags.full_inheritance(
        context.call,
        tag_id(context, parameters, "tag"),
        {.as_of = parameters.as_of("event"), .reverse = reverse});
    return rows_of(links, {}, [reverse](const hub::InheritedTag& link) {
        Struct row = row_of(link);
        if (reverse) row.set("tag_id", value_of(link.link.child));
        return row;
    });
}

}  // namespace

Methods tag_methods() {
    return {
        reading(
            "getTag(tagInfo, strict=False, event=None, blocked=False)",
            get_tag,
            "A tag by name or id, now or as it was at an event."),
        reading("getTagID(info, strict=False, create=False)", get_tag_id, "The id of a tag."),
        changing(
            "createTag(name, parent=None, arches=None, perm=None, "
            "locked=False, maven_support=False, "
            "maven_include_all=False, extra=None)",
            create_tag,
            "Makes a tag; gives its id."),
        changing(
            "editTag(tagInfo, name, arches, locked, permissionID, extra=None)",
            edit_tag,
            "Changes a tag. Old form of editTag2."),
        changing(
            "editTag2(tagInfo, **kwargs)",
            edit_tag2,
            "Changes of a tag what is given: name, arches, perm, locked, extra, remove_extra."),
        changing("deleteTag(tagInfo)", delete_tag, "Removes a tag."),
        reading(
            "listTags(build=None, package=None, perms=True, queryOpts=None, pattern=None)",
            list_tags,
            "Tags: all, those of a build, or those that have a package in their list."),
        reading(
            "getBuildConfig(tag, event=None)",
            get_build_config,
            "A tag with what it inherits: arches and extra."),
        reading(
            "getInheritanceData(tag, event=None)",
            get_inheritance_data,
            "The parents of a tag, by priority."),
        changing(
            "setInheritanceData(tag, data, clear=False)",
            set_inheritance_data,
            "Adds, changes or removes ('delete link') parents of a tag."),
        reading(
            "getFullInheritance(tag, event=None, reverse=False, **kwargs)",
            get_full_inheritance,
            "All tags that a tag inherits from, in the order in which they are looked at."),
    };
}

}  // namespace nacre::api::koji
