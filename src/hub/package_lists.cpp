#include "hub/package_lists.hpp"

#include "base/text.hpp"
#include "hub/audit.hpp"
#include "hub/permissions.hpp"
#include "hub/statement.hpp"
#include "hub/users.hpp"
#include "koji/fault.hpp"

#include <algorithm>

namespace nacre::hub {
namespace {

using koji::Fault;
using koji::FaultCode;

constexpr std::string_view kColumns =
    "SELECT k.package_id, p.name, k.tag_id, t.name, k.extra_arches, k.blocked, o.owner, u.name"
    " FROM tag_packages k JOIN package p ON p.id = k.package_id JOIN tag t ON t.id = k.tag_id"
    " LEFT JOIN tag_package_owners o ON o.package_id = k.package_id AND o.tag_id = k.tag_id";

std::string columns(AsOf as_of, Conditions& conditions) {
    // The owner's row is looked up at the same event as the package's. Its parameters stand before those of
    // the WHERE clause, hence a condition that is always true carries them.
    Conditions owners;
    owners.add_in_force("o", as_of);
    for (const sql::Value& value : owners.parameters())
        conditions.add("1 = 1", {value});
    return std::string{kColumns} + owners.and_more() + " LEFT JOIN users u ON u.id = o.owner";
}

TagPackage read_entry(const sql::Row& row) {
    return TagPackage{
        .package = PackageId{row.integer(0)},
        .package_name = row.text(1),
        .tag = TagId{row.integer(2)},
        .tag_name = row.text(3),
        .extra_arches = row.find_text(4),
        .blocked = row.integer(5) != 0,
        .owner = find_id<UserId>(row, 6),
        .owner_name = row.find_text(7)};
}

void check_package_name(std::string_view name) {
    const bool valid =
        !name.empty() && name.size() <= 256 && std::all_of(name.begin(), name.end(), [](char c) {
            return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9')
                   || std::string_view{"._+-"}.find(c) != std::string_view::npos;
        });
    if (!valid)
        throw Fault{
            FaultCode::NameValidationError,
            "Invalid package name " + quoted(name) + ": letters, digits, '.', '_', '+' and '-'"};
}

}  // namespace

std::optional<Package> PackageLists::find_package(Call& call, const NameOrId& key) const {
    const auto* name = std::get_if<std::string>(&key);
    const sql::Rows rows =
        name != nullptr
            ? call.sql().query("SELECT id, name FROM package WHERE name = ?", bound(*name))
            : call.sql().query(
                  "SELECT id, name FROM package WHERE id = ?", {std::get<std::int64_t>(key)});
    if (rows.empty()) return std::nullopt;
    return Package{PackageId{rows[0].integer(0)}, rows[0].text(1)};
}

Package PackageLists::get_package(Call& call, const NameOrId& key) const {
    auto package = find_package(call, key);
    if (!package) throw Fault{FaultCode::GenericError, "No such package: " + plain(key)};
    return *std::move(package);
}

Package PackageLists::ensure_package(Call& call, std::string_view name) const {
    if (auto known = find_package(call, std::string{name})) return *std::move(known);
    check_package_name(name);
    return Package{
        PackageId{call.sql().insert("INSERT INTO package (name) VALUES (?)", bound(name))},
        std::string{name}};
}

void PackageLists::require_policy(
    Call& call,
    std::string_view action,
    const Tag& tag,
    const std::string& package,
    Force force) const {
    require_login(call);
    if (force == Force::Yes) {
        require_permission(call, "admin");
        return;
    }
    if (call.caller().is_service) return;
    policies_.require(
        "package_list",
        caller_facts(call)
            .set("action", std::string{action})
            .set("operation", std::string{action})
            .set("tag", tag.name)
            .set("package", package));
}

void PackageLists::write(Call& call, const Tag& tag, const TagPackage& entry) const {
    const auto key = bound(tag.id, entry.package);
    revoke(call, "tag_packages", "tag_id = ? AND package_id = ?", key);
    insert_versioned(
        call,
        "tag_packages",
        {{"package_id", sql_value(entry.package)},
         {"tag_id", sql_value(tag.id)},
         {"blocked", sql_value(entry.blocked)},
         {"extra_arches", sql_value(entry.extra_arches)}});
    if (!entry.owner) return;
    revoke(call, "tag_package_owners", "tag_id = ? AND package_id = ?", key);
    insert_versioned(
        call,
        "tag_package_owners",
        {{"package_id", sql_value(entry.package)},
         {"tag_id", sql_value(tag.id)},
         {"owner", sql_value(*entry.owner)}});
}

void PackageLists::add(
    Call& call,
    const NameOrId& tag_key,
    const NameOrId& package_key,
    const PackageListEntry& wanted) const {
    const Tag tag = tags_.get(call, tag_key);
    auto package = find_package(call, package_key);
    const std::string name = package ? package->name : plain(package_key);
    require_policy(call, wanted.update ? "update" : "add", tag, name, wanted.force);
    if (!package) {
        if (std::holds_alternative<std::int64_t>(package_key))
            throw Fault{FaultCode::GenericError, "No such package: " + name};
        package = ensure_package(call, name);
    }
    const auto previous = find_entry(call, tag.id, package->id.value());
    TagPackage entry = previous.value_or(TagPackage{.package = package->id});
    if (!previous && wanted.update)
        throw Fault{
            FaultCode::GenericError,
            "cannot update: tag " + tag.name + " has no data for package " + name};
    if (wanted.owner) {
        const auto owner = Users{}.find(call, *wanted.owner);
        if (!owner) throw Fault{FaultCode::GenericError, "No such user: " + shown(*wanted.owner)};
        entry.owner = owner->id;
    }
    if (!entry.owner) {
        if (wanted.force == Force::No) throw Fault{FaultCode::GenericError, "owner not specified"};
        entry.owner = call.caller().user;
    }
    if (wanted.block) entry.blocked = *wanted.block;
    if (wanted.extra_arches) entry.extra_arches = wanted.extra_arches;
    const bool same = previous && previous->tag == tag.id && previous->owner == entry.owner
                      && previous->blocked == entry.blocked
                      && previous->extra_arches == entry.extra_arches;
    if (same && wanted.force == Force::No) return;
    write(call, tag, entry);
    audit(call, "package_list.add", tag.name, name);
}

void PackageLists::remove(
    Call& call, const NameOrId& tag_key, const NameOrId& package_key, Force force) const {
    const Tag tag = tags_.get(call, tag_key);
    const Package package = get_package(call, package_key);
    require_policy(call, "remove", tag, package.name, force);
    const auto key = bound(tag.id, package.id);
    if (revoke(call, "tag_packages", "tag_id = ? AND package_id = ?", key) == 0)
        throw Fault{
            FaultCode::GenericError,
            "package " + package.name + " is not in list for tag " + tag.name};
    revoke(call, "tag_package_owners", "tag_id = ? AND package_id = ?", key);
    audit(call, "package_list.remove", tag.name, package.name);
}

void PackageLists::block(
    Call& call, const NameOrId& tag, const NameOrId& package, Force force) const {
    add(call, tag, package, {.block = true, .force = force});
}

void PackageLists::unblock(
    Call& call, const NameOrId& tag_key, const NameOrId& package_key, Force force) const {
    const Tag tag = tags_.get(call, tag_key);
    const Package package = get_package(call, package_key);
    require_policy(call, "unblock", tag, package.name, force);
    auto entry = find_entry(call, tag.id, package.id.value());
    if (!entry)
        throw Fault{
            FaultCode::GenericError,
            "package " + package.name + " is not in list for tag " + tag.name};
    if (!entry->blocked)
        throw Fault{
            FaultCode::GenericError, "package " + package.name + " NOT blocked in tag " + tag.name};
    // Without the tag's own entry the parent's holds again; a block that is inherited is overruled here.
    if (entry->tag == tag.id) {
        revoke(call, "tag_packages", "tag_id = ? AND package_id = ?", bound(tag.id, package.id));
        entry = find_entry(call, tag.id, package.id.value()).value_or(*entry);
        if (!entry->blocked) return;
    }
    entry->blocked = false;
    write(call, tag, *entry);
    audit(call, "package_list.unblock", tag.name, package.name);
}

std::vector<TagPackage> PackageLists::own_entries(
    Call& call, TagId tag, AsOf as_of, std::optional<PackageId> package) const {
    Conditions conditions;
    const std::string statement = columns(as_of, conditions);
    conditions.add("k.tag_id = ?", bound(tag));
    conditions.add_if("k.package_id = ?", package);
    conditions.add_in_force("k", as_of);
    std::vector<TagPackage> entries;
    for (const sql::Row& row : call.sql().query(
             statement + conditions.where() + " ORDER BY p.name", conditions.parameters()))
        entries.push_back(read_entry(row));
    return entries;
}

std::optional<TagPackage> PackageLists::find_entry(
    Call& call, TagId tag, const NameOrId& package_key, AsOf as_of) const {
    const auto package = find_package(call, package_key);
    if (!package) return std::nullopt;
    auto own = own_entries(call, tag, as_of, package->id);
    if (!own.empty()) return std::move(own.front());
    for (const InheritedTag& above : tags_.full_inheritance(call, tag, {.as_of = as_of})) {
        auto inherited = own_entries(call, above.link.parent, as_of, package->id);
        if (!inherited.empty()) return std::move(inherited.front());
    }
    return std::nullopt;
}

std::map<PackageId, bool> PackageLists::blocked(
    Call& call,
    const std::vector<TagId>& tags,
    const std::optional<std::string>& package,
    AsOf as_of) const {
    std::map<PackageId, bool> verdicts;
    for (const TagId tag : tags) {
        Conditions conditions;
        conditions.add("k.tag_id = ?", bound(tag));
        conditions.add_if("k.package_id = (SELECT id FROM package WHERE name = ?)", package);
        conditions.add_in_force("k", as_of);
        for (const sql::Row& row : call.sql().query(
                 "SELECT k.package_id, k.blocked FROM tag_packages k" + conditions.where()
                     + " ORDER BY k.package_id",
                 conditions.parameters()))
            verdicts.emplace_hint(verdicts.end(), PackageId{row.integer(0)}, row.integer(1) != 0);
    }
    return verdicts;
}

std::map<PackageId, TagPackage> PackageLists::effective(Call& call, TagId tag, AsOf as_of) const {
    std::map<PackageId, TagPackage> entries;
    for (TagPackage& entry : own_entries(call, tag, as_of, {}))
        entries.emplace(entry.package, std::move(entry));
    for (const InheritedTag& above : tags_.full_inheritance(call, tag, {.as_of = as_of}))
        for (TagPackage& entry : own_entries(call, above.link.parent, as_of, {}))
            entries.emplace(entry.package, std::move(entry));
    return entries;
}

std::vector<TagPackage> PackageLists::list_inherited(
    Call& call, TagId tag, const PackageListFilter& filter) const {
    std::vector<TagPackage> entries;
    for (auto& [unused, entry] : effective(call, tag, filter.as_of))
        entries.push_back(std::move(entry));
    std::sort(entries.begin(), entries.end(), [](const auto& a, const auto& b) {
        return a.package_name < b.package_name;
    });
    if (!filter.with_duplicates) return entries;
    for (const InheritedTag& above : tags_.full_inheritance(call, tag, {.as_of = filter.as_of}))
        for (TagPackage& entry : own_entries(call, above.link.parent, filter.as_of, {}))
            if (std::none_of(entries.begin(), entries.end(), [&](const auto& known) {
                    return known.tag == entry.tag && known.package == entry.package;
                }))
                entries.push_back(std::move(entry));
    return entries;
}

std::vector<TagPackage> PackageLists::list(
    Call& call, const PackageListFilter& filter, const QueryOptions& options) const {
    std::vector<TagPackage> entries;
    if (filter.tag && filter.inherited) {
        entries = list_inherited(call, *filter.tag, filter);
    } else {
        Conditions conditions;
        const std::string statement = columns(filter.as_of, conditions);
        conditions.add_if("k.tag_id = ?", filter.tag);
        conditions.add_in_force("k", filter.as_of);
        for (const sql::Row& row : call.sql().query(
                 statement + conditions.where()
                     + order_and_page(
                         {.order = options.order},
                         {{"package_name", "p.name"},
                          {"package_id", "k.package_id"},
                          {"tag_name", "t.name"},
                          {"id", "k.id"}},
                         "p.name, k.tag_id"),
                 conditions.parameters()))
            entries.push_back(read_entry(row));
    }
    std::optional<PackageId> package;
    if (filter.package) package = get_package(call, *filter.package).id;
    std::erase_if(entries, [&](const TagPackage& entry) {
        return (package && entry.package != *package)
               || (filter.owner && entry.owner != filter.owner)
               || (!filter.with_blocked && entry.blocked)
               || (filter.prefix
                   && !to_lower(entry.package_name).starts_with(to_lower(*filter.prefix)));
    });
    return page(std::move(entries), options);
}

}  // namespace nacre::hub
