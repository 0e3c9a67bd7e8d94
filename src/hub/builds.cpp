#include "hub/builds.hpp"

#include "base/text.hpp"
#include "hub/audit.hpp"
#include "hub/build_names.hpp"
#include "hub/build_rows.hpp"
#include "hub/json_text.hpp"
#include "hub/package_lists.hpp"
#include "hub/permissions.hpp"
#include "hub/statement.hpp"
#include "koji/fault.hpp"

#include <algorithm>

namespace nacre::hub {
namespace {

using koji::Fault;
using koji::FaultCode;

Conditions conditions_of(const BuildFilter& filter) {
    Conditions conditions;
    conditions.add_if("b.pkg_id = ?", filter.package);
    conditions.add_if("b.owner = ?", filter.owner);
    conditions.add_if("b.task_id = ?", filter.task);
    conditions.add_if("b.cg_id = ?", filter.generator);
    if (filter.state) conditions.add("b.state = ?", {static_cast<std::int64_t>(*filter.state)});
    if (filter.prefix)
        conditions.add(
            "b.pkg_id IN (SELECT id FROM package WHERE LOWER(name) LIKE ? ESCAPE '\\')",
            {to_lower(like_pattern(*filter.prefix)) + "%"});
    if (filter.pattern) add_build_pattern(conditions, *filter.pattern);
    if (filter.source)
        conditions.add(
            "LOWER(b.source) LIKE ? ESCAPE '\\'", {to_lower(like_pattern(*filter.source))});
    conditions.add_if(
        "b.id IN (SELECT bt.build_id FROM build_types bt JOIN btype y ON y.id = bt.btype_id"
        " WHERE y.name = ?)",
        filter.type);
    conditions.add_time("b.create_time < ?", filter.created_before);
    conditions.add_time("b.create_time > ?", filter.created_after);
    conditions.add_time("b.completion_time < ?", filter.completed_before);
    conditions.add_time("b.completion_time > ?", filter.completed_after);
    return conditions;
}

std::string shown_key(const BuildKey& key) {
    if (const auto* text = std::get_if<std::string>(&key)) return *text;
    if (const auto* nvr = std::get_if<Nvr>(&key)) return nvr->str();
    return std::to_string(std::get<std::int64_t>(key));
}

bool may_be_reused(BuildState state) noexcept {
    return state == BuildState::Failed || state == BuildState::Canceled;
}

sql::Parameters column_values(Call& call, const NewBuild& build, PackageId package) {
    const bool done = build.state != BuildState::Building;
    return bound(
        package,
        build.nvr.version(),
        build.nvr.release(),
        build.epoch,
        static_cast<std::int64_t>(build.state),
        build.task,
        build.owner ? build.owner : call.caller().user,
        build.generator,
        build.source,
        build.extra.empty() ? std::optional<std::string>{} : encode_extra(build.extra),
        call.event(),
        call.now_us(),
        build.start_us,
        build.completion_us || !done ? build.completion_us : call.now_us());
}

}  // namespace

std::optional<Build> Builds::find(Call& call, const BuildKey& key) const {
    sql::Rows rows;
    if (const auto* id = std::get_if<std::int64_t>(&key)) {
        rows = call.sql().query(std::string{kBuildColumns} + " WHERE b.id = ?", {*id});
    } else {
        const auto* text = std::get_if<std::string>(&key);
        const auto nvr = text != nullptr ? Nvr::find(*text) : std::get<Nvr>(key);
        if (!nvr) return std::nullopt;
        rows = call.sql().query(
            std::string{kBuildColumns} + " WHERE p.name = ? AND b.version = ? AND b.release = ?",
            bound(nvr->name(), nvr->version(), nvr->release()));
    }
    if (rows.empty()) return std::nullopt;
    return read_build(rows[0]);
}

Build Builds::get(Call& call, const BuildKey& key) const {
    auto build = find(call, key);
    if (!build) throw Fault{FaultCode::GenericError, "No such build: '" + shown_key(key) + "'"};
    return *std::move(build);
}

std::vector<Build> Builds::list(
    Call& call, const BuildFilter& filter, const QueryOptions& options) const {
    const Conditions conditions = conditions_of(filter);
    std::vector<Build> builds;
    for (const sql::Row& row : call.sql().query(
             std::string{kBuildColumns} + conditions.where()
                 + order_and_page(
                     options,
                     {{"build_id", "b.id"},
                      {"id", "b.id"},
                      {"package_name", "p.name"},
                      {"name", "p.name"},
                      {"version", "b.version"},
                      {"release", "b.release"},
                      {"nvr", "p.name || '-' || b.version || '-' || b.release"},
                      {"state", "b.state"},
                      {"owner_name", "u.name", Nulls::Possible},
                      {"task_id", "b.task_id", Nulls::Possible},
                      {"creation_time", "b.create_time"},
                      {"creation_ts", "b.create_time"},
                      {"start_time", "b.start_time", Nulls::Possible},
                      {"completion_time", "b.completion_time", Nulls::Possible},
                      {"completion_ts", "b.completion_time", Nulls::Possible}},
                     "b.id"),
             conditions.parameters()))
        builds.push_back(read_build(row));
    return builds;
}

std::int64_t Builds::count(Call& call, const BuildFilter& filter) const {
    const Conditions conditions = conditions_of(filter);
    return call.sql()
        .query(
            "SELECT COUNT(*) FROM build b JOIN package p ON p.id = b.pkg_id" + conditions.where(),
            conditions.parameters())
        .at(0)
        .integer(0);
}

std::vector<std::string> Builds::types_of(Call& call, BuildId build) const {
    std::vector<std::string> names;
    for (const sql::Row& row : call.sql().query(
             "SELECT y.name FROM build_types bt JOIN btype y ON y.id = bt.btype_id"
             " WHERE bt.build_id = ? ORDER BY y.id",
             bound(build)))
        names.push_back(row.text(0));
    return names;
}

BuildId Builds::create(Call& call, const NewBuild& build) const {
    require_login(call);
    const sql::Rows packages =
        call.sql().query("SELECT id FROM package WHERE name = ?", bound(build.nvr.name()));
    const PackageId package{
        packages.empty()
            ? call.sql().insert("INSERT INTO package (name) VALUES (?)", bound(build.nvr.name()))
            : packages[0].integer(0)};
    const auto known = find(call, build.nvr);
    if (!known) {
        const BuildId made{call.sql().insert(
            "INSERT INTO build (pkg_id, version, release, epoch, state, task_id, owner, cg_id,"
            " source, extra, create_event, create_time, start_time, completion_time)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            column_values(call, build, package))};
        index_build_name(call, made, build.nvr);
        return made;
    }
    if (!may_be_reused(known->state))
        throw Fault{
            FaultCode::GenericError,
            "Build already exists (id=" + known->id.str()
                + ", state=" + std::string{to_string(known->state)} + "): " + build.nvr.str()};
    clear(call, known->id);
    sql::Parameters parameters = column_values(call, build, package);
    parameters.push_back(sql_value(known->id));
    call.sql().execute(
        "UPDATE build SET pkg_id = ?, version = ?, release = ?, epoch = ?, state = ?, task_id = ?,"
        " owner = ?, cg_id = ?, source = ?, extra = ?, create_event = ?, create_time = ?,"
        " start_time = ?, completion_time = ? WHERE id = ?",
        parameters);
    return known->id;
}

void Builds::clear(Call& call, BuildId build) const {
    const auto of_archives = [&](std::string_view table) {
        call.sql().execute(
            "DELETE FROM " + std::string{table}
                + " WHERE archive_id IN (SELECT id FROM archiveinfo WHERE build_id = ?)",
            bound(build));
    };
    for (const std::string_view table :
         {"image_packages", "image_archives", "archive_components", "buildroot_archives"})
        of_archives(table);
    for (const std::string_view table : {"archiveinfo", "build_types", "build_reservations"})
        call.sql().execute(
            "DELETE FROM " + std::string{table} + " WHERE build_id = ?", bound(build));
    revoke(call, "tag_listing", "build_id = ?", bound(build));
}

void Builds::set_type(Call& call, BuildId build, std::string_view btype) const {
    const sql::Rows rows = call.sql().query("SELECT id FROM btype WHERE name = ?", bound(btype));
    if (rows.empty()) throw Fault{FaultCode::GenericError, "No such btype: " + std::string{btype}};
    const auto key = bound(build, rows[0].integer(0));
    if (call.sql()
            .query("SELECT build_id FROM build_types WHERE build_id = ? AND btype_id = ?", key)
            .empty())
        call.sql().execute("INSERT INTO build_types (build_id, btype_id) VALUES (?, ?)", key);
}

void Builds::set_state(Call& call, BuildId build, BuildState state) const {
    const bool done = state != BuildState::Building;
    call.sql().execute(
        "UPDATE build SET state = ?, completion_time = ? WHERE id = ?",
        bound(
            static_cast<std::int64_t>(state),
            done ? std::optional{call.now_us()} : std::nullopt,
            build));
}

std::string Builds::next_release(
    Call& call, std::string_view name, std::string_view version, std::int64_t increment) const {
    const sql::Rows rows = call.sql().query(
        "SELECT b.release FROM build b JOIN package p ON p.id = b.pkg_id WHERE p.name = ?"
        " AND b.version = ? AND b.state IN (1, 2, 0) ORDER BY b.id DESC LIMIT 1",
        bound(name, version));
    return rows.empty() ? "1" : increment_release(rows[0].text(0), increment);
}

bool Builds::cancel(Call& call, const BuildKey& key, bool strict) const {
    const Build build = get(call, key);
    require_login(call);
    if (build.owner != call.caller().user && !has_permission(call, "admin"))
        throw Fault{FaultCode::ActionNotAllowed, "Cannot cancel build, not owner"};
    if (build.state != BuildState::Building) {
        if (!strict) return false;
        throw Fault{
            FaultCode::GenericError,
            "Cannot cancel build " + build.nvr.str() + ", not in BUILDING state"};
    }
    set_state(call, build.id, BuildState::Canceled);
    call.sql().execute("DELETE FROM build_reservations WHERE build_id = ?", bound(build.id));
    return true;
}

void Builds::reset(Call& call, const BuildKey& key) const {
    require_permission(call, "admin");
    const Build build = get(call, key);
    clear(call, build.id);
    call.sql().execute(
        "UPDATE build SET task_id = NULL, extra = NULL, source = NULL, cg_id = NULL WHERE id = ?",
        bound(build.id));
    set_state(call, build.id, BuildState::Canceled);
    audit(call, "build.reset", build.nvr.str());
}

std::string increment_release(std::string_view release, std::int64_t increment) {
    const std::vector<std::string> parts = split(release, '.');
    const auto number = [](const std::string& part) -> std::optional<std::int64_t> {
        if (part.empty() || part.find_first_not_of("0123456789") != std::string::npos)
            return std::nullopt;
        return parse_integer(part);
    };
    std::vector<std::string> next = parts;
    // "5" and "5.f40" count in front, "5.f40.1" and "1.2" behind.
    const std::size_t at = parts.size() == 2 && !number(parts[1]) ? 0 : parts.size() - 1;
    const auto value = number(parts[at]);
    if (!value || *value > INT64_MAX - increment)
        throw Fault{FaultCode::BuildError, "Unable to increment release: " + std::string{release}};
    next[at] = std::to_string(*value + increment);
    return join(next, ".");
}

koji::Value decode_extra(const std::optional<std::string>& text) {
    return text ? decode_json(*text) : koji::Value{};
}

std::string encode_extra(const koji::Struct& extra) {
    return encode_json(extra);
}

std::string build_folder(const Nvr& nvr) {
    return "packages/" + nvr.name() + "/" + nvr.version() + "/" + nvr.release();
}

}  // namespace nacre::hub
