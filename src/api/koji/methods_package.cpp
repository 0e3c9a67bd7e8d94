#include "api/koji/method.hpp"
#include "api/koji/rows.hpp"

namespace nacre::api::koji {
namespace {

Value package_list_add(Context& context, const Parameters& parameters) {
    context.hub.packages.add(
        context.call,
        parameters.get_key("taginfo"),
        parameters.get_key("pkginfo"),
        {.owner = parameters.find_key("owner"),
         .block = parameters.find_flag("block"),
         .extra_arches = parameters.find_text("extra_arches"),
         .force = parameters.force("force"),
         .update = parameters.flag("update")});
    return nullptr;
}

Value package_list_set_owner(Context& context, const Parameters& parameters) {
    context.hub.packages.add(
        context.call,
        parameters.get_key("taginfo"),
        parameters.get_key("pkginfo"),
        {.owner = parameters.get_key("owner"), .force = parameters.force("force"), .update = true});
    return nullptr;
}

Value package_list_set_arches(Context& context, const Parameters& parameters) {
    context.hub.packages.add(
        context.call,
        parameters.get_key("taginfo"),
        parameters.get_key("pkginfo"),
        {.extra_arches = parameters.find_text("arches").value_or(""),
         .force = parameters.force("force"),
         .update = true});
    return nullptr;
}

Value package_list_remove(Context& context, const Parameters& parameters) {
    context.hub.packages.remove(
        context.call,
        parameters.get_key("taginfo"),
        parameters.get_key("pkginfo"),
        parameters.force("force"));
    return nullptr;
}

Value package_list_block(Context& context, const Parameters& parameters) {
    context.hub.packages.block(
        context.call,
        parameters.get_key("taginfo"),
        parameters.get_key("pkginfo"),
        parameters.force("force"));
    return nullptr;
}

Value package_list_unblock(Context& context, const Parameters& parameters) {
    context.hub.packages.unblock(
        context.call,
        parameters.get_key("taginfo"),
        parameters.get_key("pkginfo"),
        parameters.force("force"));
    return nullptr;
}

Value list_packages(Context& context, const Parameters& parameters) {
    hub::PackageListFilter filter{
        .package = parameters.find_key("pkgID"),
        .prefix = parameters.find_text("prefix"),
        .inherited = parameters.flag("inherited"),
        .with_duplicates = parameters.flag("with_dups"),
        .with_blocked = parameters.flag("with_blocked"),
        .as_of = parameters.as_of("event")};
    if (const auto tag = parameters.find_key("tagID"))
        filter.tag = context.hub.tags.get(context.call, *tag, filter.as_of).id;
    if (const auto user = parameters.find_key("userID"))
        filter.owner = context.hub.users.get(context.call, *user).id;
    const Query query = parameters.query("queryOpts");
    const bool with_owners = parameters.flag("with_owners");
    return rows_of(
        context.hub.packages.list(context.call, filter, query.options),
        query,
        [with_owners](const hub::TagPackage& package) {
            Struct row = row_of(package);
            if (!with_owners) {
                row.erase("owner_id");
                row.erase("owner_name");
            }
            return row;
        });
}

Value get_package(Context& context, const Parameters& parameters) {
    const hub::NameOrId key = parameters.get_key("info");
    if (parameters.flag("strict"))
        return row_of(context.hub.packages.get_package(context.call, key));
    return row_or_nil(context.hub.packages.find_package(context.call, key));
}

Value get_package_id(Context& context, const Parameters& parameters) {
    const hub::NameOrId key = parameters.get_key("name");
    if (parameters.flag("strict"))
        return value_of(context.hub.packages.get_package(context.call, key).id);
    const auto package = context.hub.packages.find_package(context.call, key);
    return package ? value_of(package->id) : Value{};
}

std::optional<hub::TagPackage> find_entry(
    Context& context, const Parameters& parameters, hub::AsOf as_of) {
    const hub::Tag tag = context.hub.tags.get(context.call, parameters.get_key("tag"), as_of);
    return context.hub.packages.find_entry(context.call, tag.id, parameters.get_key("pkg"), as_of);
}

Value get_package_config(Context& context, const Parameters& parameters) {
    return row_or_nil(find_entry(context, parameters, parameters.as_of("event")));
}

Value check_tag_package(Context& context, const Parameters& parameters) {
    const auto entry = find_entry(context, parameters, {});
    return entry && !entry->blocked;
}

}  // namespace

Methods package_methods() {
    return {
        changing(
            "packageListAdd(taginfo, pkginfo, owner=None, block=None, "
            "extra_arches=None, force=False, "
            "update=False)",
            package_list_add,
            "Puts a package into the list of a tag."),
        changing(
            "packageListRemove(taginfo, pkginfo, force=False)",
            package_list_remove,
            "Takes a package out of the list of a tag."),
        changing(
            "packageListBlock(taginfo, pkginfo, force=False)",
            package_list_block,
            "Blocks a package in a tag and those that inherit from it."),
        changing(
            "packageListUnblock(taginfo, pkginfo, force=False)",
            package_list_unblock,
            "Undoes packageListBlock."),
        changing(
            "packageListSetOwner(taginfo, pkginfo, owner, force=False)",
            package_list_set_owner,
            "Gives a package in a tag another owner."),
        changing(
            "packageListSetArches(taginfo, pkginfo, arches, force=False)",
            package_list_set_arches,
            "Sets the extra architectures of a package in a tag."),
        reading(
            "listPackages(tagID=None, userID=None, pkgID=None, prefix=None, inherited=False, "
            "with_dups=False, event=None, queryOpts=None, with_owners=True, "
            "with_blocked=True)",
            list_packages,
            "The package lists of tags, or packages by their name."),
        reading(
            "getPackage(info, strict=False, create=False)", get_package, "A package: {id, name}."),
        reading("getPackageID(name, strict=False)", get_package_id, "The id of a package."),
        reading(
            "getPackageConfig(tag, pkg, event=None)",
            get_package_config,
            "The entry of a package that holds for a tag, its own or an inherited one."),
        reading(
            "checkTagPackage(tag, pkg)",
            check_tag_package,
            "Whether a package is in the list of a tag and not blocked."),
    };
}

}  // namespace nacre::api::koji
