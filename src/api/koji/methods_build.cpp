#include "api/koji/method.hpp"
#include "api/koji/rows.hpp"
#include "koji/fault.hpp"

#include <filesystem>

namespace nacre::api::koji {
namespace {

using nacre::koji::Fault;
using nacre::koji::FaultCode;

std::optional<hub::Build> find_build(Context& context, const Parameters& parameters) {
    const hub::BuildKey key = parameters.get_build("buildInfo");
    if (parameters.flag("strict")) return context.hub.builds.get(context.call, key);
    return context.hub.builds.find(context.call, key);
}

Value get_build(Context& context, const Parameters& parameters) {
    return row_or_nil(find_build(context, parameters));
}

Value get_next_release(Context& context, const Parameters& parameters) {
    static const Signature kInfo{"build_info(name, version, release=None, **more)"};
    const Parameters info = read_members(kInfo, parameters.structure("build_info"));
    return context.hub.builds.next_release(
        context.call,
        info.get_text("name"),
        info.get_text("version"),
        parameters.get_integer("incr"));
}

std::optional<hub::BuildState> state_of(const Parameters& parameters) {
    const auto number = parameters.find_integer("state");
    if (!number) return std::nullopt;
    const auto state = nacre::koji::find_build_state(*number);
    if (!state) throw Fault{FaultCode::ParameterError, "Invalid state: " + std::to_string(*number)};
    return state;
}

hub::BuildFilter filter_of(Context& context, const Parameters& parameters) {
    hub::BuildFilter filter{
        .prefix = parameters.find_text("prefix"),
        .pattern = parameters.find_text("pattern"),
        .state = state_of(parameters),
        .source = parameters.find_text("source"),
        .type = parameters.find_text("type"),
        .created_before = parameters.find_number("createdBefore"),
        .created_after = parameters.find_number("createdAfter"),
        .completed_before = parameters.find_number("completeBefore"),
        .completed_after = parameters.find_number("completeAfter")};
    if (const auto package = parameters.find_key("packageID"))
        filter.package = context.hub.packages.get_package(context.call, *package).id;
    if (const auto user = parameters.find_key("userID"))
        filter.owner = context.hub.users.get(context.call, *user).id;
    if (const auto task = parameters.find_integer("taskID")) filter.task = hub::TaskId{*task};
    if (const auto generator = parameters.find_key("cgID"))
        filter.generator = context.hub.generators.get(context.call, *generator).id;
    return filter;
}

Value list_builds(Context& context, const Parameters& parameters) {
    const Query query = parameters.query("queryOpts");
    // Draft builds and other volumes do not exist here.
    if (parameters.flag("draft") || parameters.find_integer("volumeID").value_or(0) != 0)
        return rows_of(std::vector<hub::Build>{}, query);
    const hub::BuildFilter filter = filter_of(context, parameters);
    if (query.count_only) return context.hub.builds.count(context.call, filter);
    return rows_of(
        context.hub.builds.list(context.call, filter, query.options),
        query,
        [](const hub::Build& build) { return list_row_of(build); });
}

Struct build_types(Context& context, const hub::Build& build) {
    const Value extra = hub::decode_extra(build.extra);
    const Struct* members = extra.if_struct();
    const Value* typeinfo = members == nullptr ? nullptr : members->find("typeinfo");
    const Struct* known = typeinfo == nullptr ? nullptr : typeinfo->if_struct();
    Struct types;
    for (const std::string& name : context.hub.builds.types_of(context.call, build.id)) {
        const Value* info = known == nullptr ? nullptr : known->find(name);
        types.set(
            name, info == nullptr ? Value{make_struct({{"build_id", value_of(build.id)}})} : *info);
    }
    return types;
}

Value get_build_type(Context& context, const Parameters& parameters) {
    const auto build = find_build(context, parameters);
    return build ? Value{build_types(context, *build)} : Value{};
}

Value get_image_build(Context& context, const Parameters& parameters) {
    const auto build = find_build(context, parameters);
    if (!build || build_types(context, *build).find("image") == nullptr) {
        if (parameters.flag("strict")) throw Fault{FaultCode::GenericError, "no such image build"};
        return nullptr;
    }
    return make_struct({{"build_id", value_of(build->id)}});
}

/// getMavenBuild, getWinBuild: asked for every build by clients, which take nil for "it is none".
Value no_such_type(Context& context, const Parameters& parameters) {
    find_build(context, parameters);
    if (parameters.flag("strict"))
        throw Fault{FaultCode::GenericError, "no such build of that type"};
    return nullptr;
}

Value get_build_logs(Context& context, const Parameters& parameters) {
    const hub::Build build = context.hub.builds.get(context.call, parameters.get_build("build"));
    const std::filesystem::path below = hub::build_folder(build.nvr);
    const std::filesystem::path logs = below / "data" / "logs";
    const std::filesystem::path root = context.hub.files.top() / logs;
    Array rows;
    if (!std::filesystem::is_directory(root)) return rows;
    for (const auto& entry : std::filesystem::recursive_directory_iterator{root}) {
        if (!entry.is_regular_file() || entry.is_symlink()) continue;
        const std::filesystem::path name = entry.path().lexically_relative(root);
        rows.emplace_back(make_struct({
            {"name", name.filename().string()},
            {"dir", name.parent_path().string()},
            {"path", (logs / name).string()},
        }));
    }
    return rows;
}

Value cancel_build(Context& context, const Parameters& parameters) {
    const hub::BuildKey key = parameters.get_build("buildID");
    const auto build = context.hub.builds.find(context.call, key);
    const bool cancelled = context.hub.builds.cancel(context.call, key, parameters.flag("strict"));
    if (cancelled && build && build->task)
        context.hub.tasks.cancel(context.call, *build->task, hub::Recurse::Yes);
    return cancelled;
}

Value reset_build(Context& context, const Parameters& parameters) {
    context.hub.builds.reset(context.call, parameters.get_build("build"));
    return nullptr;
}

Value build_references(Context& context, const Parameters& parameters) {
    const hub::Build build = context.hub.builds.get(context.call, parameters.get_build("build"));
    const hub::BuildReferences found = context.hub.removal.references(context.call, build.id);
    Array tags, components;
    for (const auto& [id, name] : found.tags)
        tags.emplace_back(make_struct({{"tag_id", value_of(id)}, {"name", name}}));
    for (const hub::ArchiveId archive : found.component_of)
        components.push_back(value_of(archive));
    return make_struct({
        {"tags", tags},
        {"rpms", Array{}},
        {"archives", rows_of(found.archives)},
        {"component_of", components},
        {"images", components},
        {"last_used", nullptr},
    });
}

Value delete_build(Context& context, const Parameters& parameters) {
    const auto deleted = context.hub.removal.remove(
        context.call,
        parameters.get_build("build"),
        parameters.flag("strict") ? hub::Strict::Yes : hub::Strict::No);
    return deleted ? Value{*deleted} : Value{};
}

Value promote_build(Context& context, const Parameters& parameters) {
    const hub::Build build = context.hub.builds.get(context.call, parameters.get_build("build"));
    throw Fault{
        FaultCode::GenericError,
        "Cannot promote build " + build.nvr.str() + ". Reason: Not a draft build"};
}

}  // namespace

Methods build_methods() {
    return {
        reading(
            "getBuild(buildInfo, strict=False)",
            get_build,
            "A build by id, name-version-release or {name, version, release}."),
        reading(
            "getNextRelease(build_info, incr=1)",
            get_next_release,
            "The release after that of the last build of {name, version}."),
        reading(
            "listBuilds(packageID=None, userID=None, taskID=None, prefix=None, state=None, "
            "volumeID=None, "
            "source=None, createdBefore=None, createdAfter=None, completeBefore=None, "
            "completeAfter=None, "
            "type=None, typeInfo=None, queryOpts=None, pattern=None, cgID=None, draft=None, "
            "promotedBefore=None, promotedAfter=None, promoter=None)",
            list_builds,
            "Builds for which all that is given holds."),
        reading(
            "getBuildType(buildInfo, strict=False)",
            get_build_type,
            "The types of a build, with what it says about each."),
        reading(
            "getImageBuild(buildInfo, strict=False)",
            get_image_build,
            "{build_id} of an image build, nil for another."),
        reading(
            "getMavenBuild(buildInfo, strict=False)",
            no_such_type,
            "nil: there are no Maven builds here."),
        reading(
            "getWinBuild(buildInfo, strict=False)",
            no_such_type,
            "nil: there are no Windows builds here."),
        reading(
            "getBuildLogs(build)",
            get_build_logs,
            "The logs kept with a build: {name, dir, path}."),
        changing(
            "cancelBuild(buildID, strict=False)",
            cancel_build,
            "Cancels a build that is being made, and its task. Owner or admin."),
        reading(
            "buildReferences(build, limit=None, lazy=False)",
            build_references,
            "What holds a build: {tags, rpms, archives, component_of, images, last_used}."),
        changing(
            "deleteBuild(build, strict=True, min_ref_age=604800)",
            delete_build,
            "Marks a build that nothing refers to as deleted, and removes its files. Admin."),
        changing(
            "promoteBuild(build, force=False)",
            promote_build,
            "Always refused: there are no draft builds here."),
        changing(
            "resetBuild(build)",
            reset_build,
            "Takes away what a build has, so that it can be made again. Admin."),
    };
}

}  // namespace nacre::api::koji
