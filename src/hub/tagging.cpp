#include "hub/tagging.hpp"

#include "base/text.hpp"
#include "hub/audit.hpp"
#include "hub/build_rows.hpp"
#include "hub/permissions.hpp"
#include "hub/statement.hpp"
#include "koji/fault.hpp"

#include <map>
#include <set>

namespace nacre::hub {
namespace {

using koji::Fault;
using koji::FaultCode;

/// Koji's assert_tag_access.
void require_tag_access(Call& call, const Tag& tag, Force force) {
    if (call.caller().is_service) return;
    const bool admin = has_permission(call, "admin");
    if (force == Force::Yes && admin) return;
    if (tag.locked) throw Fault{FaultCode::ActionNotAllowed, "tag " + tag.name + " is locked"};
    if (tag.permission_name && !has_permission(call, *tag.permission_name))
        throw Fault{
            FaultCode::ActionNotAllowed,
            "tag " + tag.name + " requires " + *tag.permission_name + " permission"};
}

/// A package that is in no list shows in the tag itself only.
bool is_hidden(
    const std::map<PackageId, bool>& blocked, const TaggedBuild& tagged, bool is_inherited) {
    const auto entry = blocked.find(tagged.build.package);
    return entry == blocked.end() ? is_inherited : entry->second;
}

}  // namespace

std::vector<TaggedBuild> Tagging::list(
    Call& call, TagId tag, const TaggedFilter& filter, const QueryOptions& options) const {
    std::vector<TagId> sources{tag};
    if (filter.inherit)
        for (const InheritedTag& above :
             parts_.tags.full_inheritance(call, tag, {.as_of = filter.as_of}))
            sources.push_back(above.link.parent);
    std::map<PackageId, bool> blocked;
    if (filter.inherit)
        blocked = parts_.packages.blocked(call, sources, filter.package, filter.as_of);
    // A package belongs to the nearest tag that has builds of it, unless it is blocked; a build that
    // several tags hold is shown once.
    std::set<BuildId> seen;
    std::map<PackageId, std::int64_t> counts;
    std::vector<TaggedBuild> found;
    for (const TagId source : sources) {
        for (TaggedBuild& tagged : read_tagged(call, source, filter)) {
            if (filter.inherit && is_hidden(blocked, tagged, source != tag)) continue;
            if (!seen.insert(tagged.build.id).second) continue;
            if (filter.latest > 0 && ++counts[tagged.build.package] > filter.latest) continue;
            found.push_back(std::move(tagged));
        }
    }
    return page(std::move(found), options);
}

std::vector<TaggedBuild> Tagging::read_tagged(
    Call& call, TagId tag, const TaggedFilter& filter) const {
    Conditions conditions;
    conditions.add("l.tag_id = ? AND b.id = l.build_id", bound(tag));
    conditions.add_in_force("l", filter.as_of);
    conditions.add("b.state = ?", {static_cast<std::int64_t>(BuildState::Complete)});
    if (filter.package)
        conditions.add(
            "b.pkg_id = (SELECT id FROM package WHERE name = ?)", bound(*filter.package));
    conditions.add_if("u.name = ?", filter.owner);
    if (filter.prefix)
        conditions.add(
            "LOWER(p.name) LIKE ? ESCAPE '\\'", {to_lower(like_pattern(*filter.prefix)) + "%"});
    conditions.add_if(
        "EXISTS (SELECT 1 FROM build_types bt JOIN btype y ON y.id = bt.btype_id"
        " WHERE bt.build_id = b.id AND y.name = ?)",
        filter.type);
    std::string statement = "SELECT ";
    statement += filter.with_extra ? NACRE_BUILD_FIELDS : NACRE_BUILD_FIELDS_WITHOUT_EXTRA;
    // The order of a CROSS JOIN is kept: of one package there are few builds, in a tag there may be thousands.
    statement += ", t.name, l.create_event FROM ";
    statement +=
        filter.package ? "build b CROSS JOIN tag_listing l" : "tag_listing l CROSS JOIN build b";
    statement += " JOIN tag t ON t.id = l.tag_id" NACRE_BUILD_TABLES;
    std::vector<TaggedBuild> found;
    // The newest of a tag is what was tagged last, as in Koji: not the highest version.
    for (const sql::Row& row : call.sql().query(
             statement + conditions.where() + " ORDER BY l.create_event DESC, l.build_id DESC",
             conditions.parameters()))
        found.push_back(TaggedBuild{
            .build = read_build(row),
            .tag = tag,
            .tag_name = row.text(kBuildColumnCount),
            .create_event = EventId{row.integer(kBuildColumnCount + 1)}});
    return found;
}

std::vector<TaggedBuild> Tagging::latest(
    Call& call,
    TagId tag,
    const std::optional<std::string>& package,
    const std::optional<std::string>& type,
    AsOf as_of) const {
    return list(
        call,
        tag,
        {.inherit = true, .latest = 1, .package = package, .type = type, .as_of = as_of});
}

std::vector<Build> Tagging::untagged(Call& call, const std::optional<std::string>& package) const {
    Conditions conditions;
    conditions.add("b.state = ?", {static_cast<std::int64_t>(BuildState::Complete)});
    conditions.add(
        "NOT EXISTS (SELECT 1 FROM tag_listing l WHERE l.build_id = b.id AND l.active = 1)");
    conditions.add_if("p.name = ?", package);
    std::vector<Build> builds;
    for (const sql::Row& row : call.sql().query(
             std::string{kBuildColumns} + conditions.where() + " ORDER BY b.id",
             conditions.parameters()))
        builds.push_back(read_build(row));
    return builds;
}

void Tagging::check_package(Call& call, const Tag& tag, const Build& build, Force force) const {
    const auto entry = parts_.packages.find_entry(call, tag.id, build.package.value());
    if (entry && !entry->blocked) return;
    if (force == Force::Yes && has_permission(call, "admin")) {
        parts_.packages.add(
            call, tag.id.value(), build.package.value(), {.block = false, .force = Force::Yes});
        return;
    }
    if (!entry)
        throw Fault{
            FaultCode::TagError, "Package " + build.nvr.name() + " not in list for " + tag.name};
    throw Fault{FaultCode::TagError, "Package " + build.nvr.name() + " blocked in " + tag.name};
}

void Tagging::check_policy(Call& call, const Move& move) const {
    if (move.force == Force::Yes && has_permission(call, "admin")) return;
    if (call.caller().is_service) return;
    PolicyFacts facts = caller_facts(call);
    facts.set("operation", std::string{move.operation})
        .set("package", move.build.nvr.name())
        .set("version", move.build.nvr.version())
        .set("release", move.build.nvr.release())
        .set("is_build_owner", move.build.owner == call.caller().user)
        .set("imported", !move.build.task.has_value())
        .set("btypes", parts_.builds.types_of(call, move.build.id));
    if (move.build.source) facts.set("source", *move.build.source);
    if (move.build.generator_name)
        facts.set("cg_list", std::vector<std::string>{*move.build.generator_name});
    if (move.to) facts.set("tag", move.to->name);
    if (move.from) facts.set("fromtag", move.from->name);
    parts_.policies.require("tag", facts);
}

void Tagging::insert(Call& call, const Tag& tag, const Build& build) const {
    insert_versioned(
        call, "tag_listing", {{"build_id", sql_value(build.id)}, {"tag_id", sql_value(tag.id)}});
    parts_.publications.enqueue(call, build.id, tag.id);
}

bool Tagging::revoke(Call& call, const Tag& tag, const Build& build) const {
    return hub::revoke(call, "tag_listing", "tag_id = ? AND build_id = ?", bound(tag.id, build.id))
           > 0;
}

Tagging::Move Tagging::checked_move(Call& call, const Request& request) const {
    require_login(call);
    Move move{
        .operation = request.from ? "move" : "tag",
        .to = parts_.tags.get(call, request.tag),
        .from = {},
        .build = parts_.builds.get(call, request.build),
        .force = request.force};
    if (request.from) {
        move.from = parts_.tags.get(call, *request.from);
        require_tag_access(call, *move.from, move.force);
    }
    require_tag_access(call, *move.to, move.force);
    check_package(call, *move.to, move.build, move.force);
    if (move.build.state != BuildState::Complete)
        throw Fault{
            FaultCode::TagError,
            "build " + move.build.nvr.str() + " not complete: state "
                + std::string{to_string(move.build.state)}};
    check_policy(call, move);
    return move;
}

void Tagging::perform(Call& call, const Move& move) const {
    if (move.from && !revoke(call, *move.from, move.build))
        throw Fault{
            FaultCode::TagError,
            "build " + move.build.nvr.str() + " not in tag " + move.from->name};
    if (!call.sql()
             .query(
                 "SELECT id FROM tag_listing WHERE active = 1 AND tag_id = ? AND build_id = ?",
                 bound(move.to->id, move.build.id))
             .empty()) {
        if (move.force == Force::No)
            throw Fault{
                FaultCode::TagError,
                "build " + move.build.nvr.str() + " already tagged (" + move.to->name + ")"};
        revoke(call, *move.to, move.build);
    }
    insert(call, *move.to, move.build);
    audit(call, "build.tag", move.build.nvr.str(), move.to->name);
}

TaskId Tagging::tag(
    Call& call,
    const NameOrId& tag,
    const BuildKey& build,
    Force force,
    const std::optional<NameOrId>& from) const {
    const Move move = checked_move(call, {tag, build, force, from});
    perform(call, move);
    const TaskId task = parts_.tasks.create(
        call,
        NewTask{
            .method = "tagBuild",
            .request =
                {move.to->id.value(),
                 move.build.id.value(),
                 force == Force::Yes,
                 move.from ? koji::Value{move.from->id.value()} : koji::Value{}},
            .priority = koji::kTagBuildPriority,
            .weight = 0.1});
    // It has been done already, above: the task is for those who watch it.
    call.sql().execute(
        "UPDATE task SET state = ?, start_time = ?, completion_time = ?, result = ? WHERE id = ?",
        bound(
            static_cast<std::int64_t>(TaskState::Closed),
            call.now_us(),
            call.now_us(),
            encode_result(nullptr),
            task));
    return task;
}

void Tagging::tag_directly(
    Call& call,
    const NameOrId& tag,
    const BuildKey& build,
    Force force,
    const std::optional<NameOrId>& from) const {
    perform(call, checked_move(call, {tag, build, force, from}));
}

void Tagging::untag(
    Call& call,
    const NameOrId& tag_key,
    const BuildKey& build_key,
    bool strict,
    Force force) const {
    require_login(call);
    const Tag tag = parts_.tags.get(call, tag_key);
    const Build build = parts_.builds.get(call, build_key);
    require_tag_access(call, tag, force);
    check_policy(
        call, Move{.operation = "untag", .to = {}, .from = tag, .build = build, .force = force});
    if (!revoke(call, tag, build) && strict)
        throw Fault{FaultCode::TagError, "build " + build.nvr.str() + " not in tag " + tag.name};
    audit(call, "build.untag", build.nvr.str(), tag.name);
}

std::vector<TaskId> Tagging::move_all(
    Call& call,
    const NameOrId& from,
    const NameOrId& to,
    const NameOrId& package,
    Force force) const {
    const Tag source = parts_.tags.get(call, from);
    const Package moved = parts_.packages.get_package(call, package);
    auto builds = list(call, source.id, {.package = moved.name});
    std::vector<TaskId> tasks;
    // The oldest first: the newest stays the newest.
    for (auto tagged = builds.rbegin(); tagged != builds.rend(); ++tagged)
        tasks.push_back(tag(call, to, tagged->build.id.value(), force, from));
    return tasks;
}

}  // namespace nacre::hub
