#include "api/koji/method.hpp"
#include "api/koji/rows.hpp"
#include "koji/fault.hpp"

namespace nacre::api::koji {
namespace {

hub::Tag get_tag(Context& context, const Parameters& parameters, std::string_view name) {
    return context.hub.tags.get(context.call, parameters.get_key(name), parameters.as_of("event"));
}

/// `latest` is a flag or how many.
std::int64_t latest_of(const Parameters& parameters) {
    const Value& value = parameters.value("latest");
    if (const auto* number = value.if_integer()) return *number;
    return is_true(value) ? 1 : 0;
}

Value list_tagged(Context& context, const Parameters& parameters) {
    if (!parameters.flag("strict")
        && !context.hub.tags.find(
            context.call, parameters.get_key("tag"), parameters.as_of("event")))
        return Array{};
    const bool with_extra = parameters.flag("extra");
    const auto builds = context.hub.tagging.list(
        context.call,
        get_tag(context, parameters, "tag").id,
        {.inherit = parameters.flag("inherit"),
         .latest = latest_of(parameters),
         .package = parameters.find_text("package"),
         .prefix = parameters.find_text("prefix"),
         .owner = parameters.find_text("owner"),
         .type = parameters.find_text("type"),
         .as_of = parameters.as_of("event"),
         .with_extra = with_extra});
    return rows_of(builds, {}, [with_extra](const hub::TaggedBuild& tagged) {
        Struct row = row_of(tagged);
        if (with_extra) row.set("extra", hub::decode_extra(tagged.build.extra));
        return row;
    });
}

Value get_latest_builds(Context& context, const Parameters& parameters) {
    return rows_of(context.hub.tagging.latest(
        context.call,
        get_tag(context, parameters, "tag").id,
        parameters.find_text("package"),
        parameters.find_text("type"),
        parameters.as_of("event")));
}

/// No rpm is kept apart from its image here, so there are builds only.
Value list_tagged_rpms(Context& context, const Parameters& parameters) {
    get_tag(context, parameters, "tag");
    return Array{Value{Array{}}, Value{Array{}}};
}

Value list_tagged_archives(Context& context, const Parameters& parameters) {
    const auto builds = context.hub.tagging.list(
        context.call,
        get_tag(context, parameters, "tag").id,
        {.inherit = parameters.flag("inherit"),
         .latest = latest_of(parameters),
         .package = parameters.find_text("package"),
         .type = parameters.find_text("type"),
         .as_of = parameters.as_of("event")});
    Array archives;
    for (const hub::TaggedBuild& tagged : builds) {
        const hub::ArchiveFilter filter{
            .build = tagged.build.id, .type = parameters.find_text("type")};
        for (const hub::Archive& archive : context.hub.archives.list(context.call, filter))
            archives.emplace_back(row_of(archive));
    }
    return Array{Value{std::move(archives)}, rows_of(builds)};
}

Value untagged_builds(Context& context, const Parameters& parameters) {
    return rows_of(context.hub.tagging.untagged(context.call, parameters.find_text("name")));
}

Value tag_build(Context& context, const Parameters& parameters) {
    return value_of(context.hub.tagging.tag(
        context.call,
        parameters.get_key("tag"),
        parameters.get_build("build"),
        parameters.force("force"),
        parameters.find_key("fromtag")));
}

Value untag_build(Context& context, const Parameters& parameters) {
    context.hub.tagging.untag(
        context.call,
        parameters.get_key("tag"),
        parameters.get_build("build"),
        parameters.flag("strict"),
        parameters.force("force"));
    return nullptr;
}

Value move_build(Context& context, const Parameters& parameters) {
    return value_of(context.hub.tagging.tag(
        context.call,
        parameters.get_key("tag2"),
        parameters.get_build("build"),
        parameters.force("force"),
        parameters.get_key("tag1")));
}

Value move_all_builds(Context& context, const Parameters& parameters) {
    Array tasks;
    for (const hub::TaskId task : context.hub.tagging.move_all(
             context.call,
             parameters.get_key("tag1"),
             parameters.get_key("tag2"),
             parameters.get_key("package"),
             parameters.force("force")))
        tasks.push_back(value_of(task));
    return tasks;
}

}  // namespace

Methods tagging_methods() {
    return {
        reading(
            "listTagged(tag, event=None, inherit=False, prefix=None, "
            "latest=False, package=None, "
            "owner=None, type=None, strict=True, extra=False, draft=None)",
            list_tagged,
            "The builds of a tag; latest: the newest of each package, or so many."),
        reading(
            "listTaggedRPMS(tag, event=None, inherit=False, latest=False, package=None, "
            "arch=None, "
            "rpmsigs=False, owner=None, type=None, strict=True, extra=True, draft=None)",
            list_tagged_rpms,
            "[rpms, builds]: none, there are no rpm builds here."),
        reading(
            "listTaggedArchives(tag, event=None, inherit=False, latest=False, "
            "package=None, type=None, "
            "strict=True, extra=True)",
            list_tagged_archives,
            "[archives, builds] of a tag."),
        reading(
            "getLatestBuilds(tag, event=None, package=None, type=None, draft=None)",
            get_latest_builds,
            "The newest build of each package in a tag and what it inherits."),
        reading(
            "getLatestRPMS(tag, package=None, arch=None, event=None, "
            "rpmsigs=False, type=None, draft=None)",
            list_tagged_rpms,
            "[rpms, builds]: none, there are no rpm builds here."),
        reading(
            "untaggedBuilds(name=None, queryOpts=None, draft=None)",
            untagged_builds,
            "Builds that are in no tag."),
        changing(
            "tagBuild(tag, build, force=False, fromtag=None)",
            tag_build,
            "Tags a build at once; gives the id of a task that is closed already."),
        changing(
            "untagBuild(tag, build, strict=True, force=False)",
            untag_build,
            "Takes a build out of a tag."),
        changing(
            "moveBuild(tag1, tag2, build, force=False)",
            move_build,
            "Moves a build from a tag to another; gives the id of a closed task."),
        changing(
            "moveAllBuilds(tag1, tag2, package, force=False)",
            move_all_builds,
            "Moves all builds of a package from a tag to another."),
    };
}

}  // namespace nacre::api::koji
