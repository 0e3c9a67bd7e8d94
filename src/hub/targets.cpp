#include "hub/targets.hpp"

#include "base/text.hpp"
#include "hub/audit.hpp"
#include "hub/permissions.hpp"
#include "hub/statement.hpp"
#include "koji/fault.hpp"

namespace nacre::hub {
namespace {

using koji::Fault;
using koji::FaultCode;

constexpr std::string_view kColumns =
    "SELECT t.id, t.name, c.build_tag, b.name, c.dest_tag, d.name FROM build_target t"
    " JOIN build_target_config c ON c.build_target_id = t.id JOIN tag b ON b.id = c.build_tag"
    " JOIN tag d ON d.id = c.dest_tag";

void write_config(Call& call, TargetId target, const Tag& build_tag, const Tag& dest_tag) {
    revoke(call, "build_target_config", "build_target_id = ?", bound(target));
    insert_versioned(
        call,
        "build_target_config",
        {{"build_target_id", sql_value(target)},
         {"build_tag", sql_value(build_tag.id)},
         {"dest_tag", sql_value(dest_tag.id)}});
}

Tag get_tag(Call& call, const NameOrId& key, std::string_view what) {
    auto tag = Tags{}.find(call, key);
    if (!tag)
        throw Fault{
            FaultCode::GenericError, std::string{what} + " " + shown(key) + " does not exist"};
    return *std::move(tag);
}

void check_target_name(std::string_view name) {
    if (name.empty() || split_words(name).size() != 1)
        throw Fault{
            FaultCode::NameValidationError, "target name " + quoted(name) + " must be one word"};
}

}  // namespace

std::optional<Target> Targets::find(Call& call, const NameOrId& key, AsOf as_of) const {
    auto found = list(call, {.target = key, .as_of = as_of});
    if (found.empty()) return std::nullopt;
    return std::move(found.front());
}

Target Targets::get(Call& call, const NameOrId& key, AsOf as_of) const {
    auto target = find(call, key, as_of);
    if (!target) throw Fault{FaultCode::GenericError, "No such build target: " + plain(key)};
    return *std::move(target);
}

std::vector<Target> Targets::list(
    Call& call, const TargetFilter& filter, const QueryOptions& options) const {
    Conditions conditions;
    if (filter.target) {
        if (const auto* name = std::get_if<std::string>(&*filter.target)) {
            conditions.add("t.name = ?", {*name});
        } else {
            conditions.add("t.id = ?", {std::get<std::int64_t>(*filter.target)});
        }
    }
    conditions.add_if("c.build_tag = ?", filter.build_tag);
    conditions.add_if("c.dest_tag = ?", filter.dest_tag);
    conditions.add_in_force("c", filter.as_of);
    std::vector<Target> targets;
    for (const sql::Row& row : call.sql().query(
             std::string{kColumns} + conditions.where()
                 + order_and_page(options, {{"id", "t.id"}, {"name", "t.name"}}, "t.id"),
             conditions.parameters()))
        targets.push_back(Target{
            TargetId{row.integer(0)},
            row.text(1),
            TagId{row.integer(2)},
            row.text(3),
            TagId{row.integer(4)},
            row.text(5)});
    return targets;
}

void Targets::create(
    Call& call, std::string_view name, const NameOrId& build_tag, const NameOrId& dest_tag) const {
    require_permission(call, "target");
    check_target_name(name);
    if (find(call, std::string{name}))
        throw Fault{
            FaultCode::GenericError,
            "A build target with the name '" + std::string{name} + "' already exists"};
    const Tag build = get_tag(call, build_tag, "build tag");
    const Tag dest = get_tag(call, dest_tag, "destination tag");
    // A deleted target keeps its row: it comes back under its id, with its history.
    const sql::Rows known =
        call.sql().query("SELECT id FROM build_target WHERE name = ?", bound(name));
    const TargetId id{
        known.empty() ? call.sql().insert("INSERT INTO build_target (name) VALUES (?)", bound(name))
                      : known[0].integer(0)};
    write_config(call, id, build, dest);
    audit(call, "target.create", name);
}

void Targets::edit(
    Call& call,
    const NameOrId& key,
    std::string_view name,
    const NameOrId& build_tag,
    const NameOrId& dest_tag) const {
    require_permission(call, "target");
    const Target target = get(call, key);
    check_target_name(name);
    const Tag build = get_tag(call, build_tag, "build tag");
    const Tag dest = get_tag(call, dest_tag, "destination tag");
    if (name != target.name) {
        if (!call.sql().query("SELECT id FROM build_target WHERE name = ?", bound(name)).empty())
            throw Fault{
                FaultCode::GenericError, "name \"" + std::string{name} + "\" is already taken"};
        call.sql().execute("UPDATE build_target SET name = ? WHERE id = ?", bound(name, target.id));
    }
    write_config(call, target.id, build, dest);
    audit(call, "target.edit", target.name);
}

void Targets::remove(Call& call, const NameOrId& key) const {
    require_permission(call, "target");
    const Target target = get(call, key);
    revoke(call, "build_target_config", "build_target_id = ?", bound(target.id));
    audit(call, "target.delete", target.name);
}

}  // namespace nacre::hub
