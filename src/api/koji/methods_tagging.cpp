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
    const auto builds = context.hub.tagging.list(
        context.call,
        get_tag(context, parameters, "tag").id,
        {.inherit = parameters.flag("inherit"),
         .latest = latest_of(parameters),
         .package = parameters.find_text("package"),
         .prefix = parameters.find_text("prefix"),
         .owner = parameters.find_text("owner"),
         .type = parameters.find_text("type"),
         .as_of = parameters.as_of("event")});
    const bool with_extra = parameters.flag("extra");
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

Struct history_row(const hub::TagHistory& change) {
    return make_struct({
        {"tag_id", value_of(change.tag)},
        {"tag.name", change.tag_name},
        {"build_id", value_of(change.build.id)},
        {"name", change.build.nvr.name()},
        {"version", change.build.nvr.version()},
        {"release", change.build.nvr.release()},
        {"epoch", value_of(change.build.epoch)},
        {"build.state", static_cast<std::int64_t>(change.build.state)},
        {"create_event", value_of(change.create_event)},
        {"create_ts", seconds_of(change.create_us)},
        {"creator_name", value_of(change.creator_name)},
        {"revoke_event", value_of(change.revoke_event)},
        {"revoke_ts", seconds_of(change.revoke_us)},
        {"revoker_name", value_of(change.revoker_name)},
        {"active", change.revoke_event ? Value{} : Value{true}},
    });
}

/// What queryHistory can be narrowed by. The members after `queryOpts` belong to tables of which no history is kept.
const Signature& history_filter() {
    static const Signature kFilter{
        "queryHistory(tag=None, build=None, package=None, pkg=None, active=None, editor=None, "
        "before=None, "
        "after=None, beforeEvent=None, afterEvent=None, queryOpts=None, user=None, perm=None, "
        "cg=None, "
        "host=None, channel=None, volume=None, btype=None, external_repo=None, build_target=None, "
        "group=None, permission=None)"};
    return kFilter;
}

bool is_about_other_tables(const Parameters& given) {
    for (const std::string_view name :
         {"user",
          "perm",
          "cg",
          "host",
          "channel",
          "volume",
          "btype",
          "external_repo",
          "build_target",
          "group",
          "permission"})
        if (!given.value(name).is_nil()) return true;
    return false;
}

bool is_wanted(const hub::TagHistory& change, const Parameters& given) {
    const auto active = given.find_flag("active");
    if (active && *active == change.revoke_event.has_value()) return false;
    const double seconds = static_cast<double>(change.create_us) / 1e6;
    const auto before = given.find_number("before");
    const auto after = given.find_number("after");
    if ((before && seconds >= *before) || (after && seconds <= *after)) return false;
    const std::int64_t event = change.create_event.value();
    const auto before_event = given.find_integer("beforeEvent");
    const auto after_event = given.find_integer("afterEvent");
    if ((before_event && event >= *before_event) || (after_event && event <= *after_event))
        return false;
    const auto editor = given.find_text("editor");
    return !editor || change.creator_name == *editor || change.revoker_name == *editor;
}

Value query_history(Context& context, const Parameters& parameters) {
    const Parameters given = read_members(history_filter(), parameters.keywords());
    if (is_about_other_tables(given)) return Struct{};
    std::optional<hub::TagId> tag;
    std::optional<hub::BuildId> build;
    std::optional<hub::PackageId> package;
    if (const auto key = given.find_key("tag")) tag = context.hub.tags.get(context.call, *key).id;
    if (const auto key = given.find_build("build"))
        build = context.hub.builds.get(context.call, *key).id;
    for (const std::string_view name : {"package", "pkg"})
        if (const auto key = given.find_key(name))
            package = context.hub.packages.get_package(context.call, *key).id;
    Array rows;
    for (const hub::TagHistory& change :
         context.hub.tagging.history(context.call, tag, build, package))
        if (is_wanted(change, given)) rows.emplace_back(history_row(change));
    return make_struct({{"tag_listing", rows}});
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
        reading(
            "queryHistory(tables=None, **kwargs)",
            query_history,
            "What was tagged and untagged when and by whom: {tag_listing: rows}."),
    };
}

}  // namespace nacre::api::koji
