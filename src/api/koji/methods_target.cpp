#include "api/koji/method.hpp"
#include "api/koji/rows.hpp"

namespace nacre::api::koji {
namespace {

Value get_build_target(Context& context, const Parameters& parameters) {
    const hub::NameOrId key = parameters.get_key("info");
    const hub::AsOf as_of = parameters.as_of("event");
    if (parameters.flag("strict")) return row_of(context.hub.targets.get(context.call, key, as_of));
    return row_or_nil(context.hub.targets.find(context.call, key, as_of));
}

std::optional<hub::TagId> find_tag_id(
    Context& context, const Parameters& parameters, std::string_view name) {
    const auto key = parameters.find_key(name);
    if (!key) return std::nullopt;
    return context.hub.tags.get(context.call, *key).id;
}

Value get_build_targets(Context& context, const Parameters& parameters) {
    const hub::TargetFilter filter{
        .target = parameters.find_key("info"),
        .build_tag = find_tag_id(context, parameters, "buildTagID"),
        .dest_tag = find_tag_id(context, parameters, "destTagID"),
        .as_of = parameters.as_of("event")};
    const Query query = parameters.query("queryOpts");
    return rows_of(context.hub.targets.list(context.call, filter, query.options), query);
}

Value create_build_target(Context& context, const Parameters& parameters) {
    context.hub.targets.create(
        context.call,
        parameters.get_text("name"),
        parameters.get_key("build_tag"),
        parameters.get_key("dest_tag"));
    return nullptr;
}

Value edit_build_target(Context& context, const Parameters& parameters) {
    context.hub.targets.edit(
        context.call,
        parameters.get_key("buildTargetInfo"),
        parameters.get_text("name"),
        parameters.get_key("build_tag"),
        parameters.get_key("dest_tag"));
    return nullptr;
}

Value delete_build_target(Context& context, const Parameters& parameters) {
    context.hub.targets.remove(context.call, parameters.get_key("buildTargetInfo"));
    return nullptr;
}

}  // namespace

Methods target_methods() {
    return {
        reading(
            "getBuildTarget(info, event=None, strict=False)",
            get_build_target,
            "A build target by name or id."),
        reading(
            "getBuildTargets(info=None, event=None, buildTagID=None, "
            "destTagID=None, queryOpts=None)",
            get_build_targets,
            "Build targets: all, or those of a build tag or a destination tag."),
        changing(
            "createBuildTarget(name, build_tag, dest_tag)",
            create_build_target,
            "Makes a build target."),
        changing(
            "editBuildTarget(buildTargetInfo, name, build_tag, dest_tag)",
            edit_build_target,
            "Changes a build target."),
        changing(
            "deleteBuildTarget(buildTargetInfo)", delete_build_target, "Removes a build target."),
    };
}

}  // namespace nacre::api::koji
