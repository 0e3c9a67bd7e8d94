#include "hub/tags.hpp"

#include "base/text.hpp"
#include "hub/audit.hpp"
#include "hub/json_text.hpp"
#include "hub/permissions.hpp"
#include "hub/statement.hpp"
#include "koji/fault.hpp"

#include <algorithm>
#include <map>

namespace nacre::hub {
namespace {

using koji::Fault;
using koji::FaultCode;

constexpr std::string_view kColumns =
    "SELECT t.id, t.name, c.perm_id, p.name, c.arches, c.locked, c.maven_support,"
    " c.maven_include_all FROM tag t JOIN tag_config c ON c.tag_id = t.id"
    " LEFT JOIN permissions p ON p.id = c.perm_id";
constexpr std::size_t kTagNameMax = 256;

Tag read_tag(const sql::Row& row) {
    return Tag{
        .id = TagId{row.integer(0)},
        .name = row.text(1),
        .permission = find_id<PermissionId>(row, 2),
        .permission_name = row.find_text(3),
        .arches = row.find_text(4),
        .locked = row.integer(5) != 0,
        .maven_support = row.integer(6) != 0,
        .maven_include_all = row.integer(7) != 0};
}

koji::Struct read_extra(Call& call, TagId tag, AsOf as_of) {
    Conditions conditions;
    conditions.add("e.tag_id = ?", bound(tag));
    conditions.add_in_force("e", as_of);
    koji::Struct extra;
    for (const sql::Row& row : call.sql().query(
             "SELECT e.key, e.value FROM tag_extra e" + conditions.where() + " ORDER BY e.key",
             conditions.parameters()))
        extra.set(row.text(0), decode_json(row.find_text(1).value_or("null")));
    return extra;
}

void check_tag_name(std::string_view name) {
    if (name.empty() || name.size() > kTagNameMax)
        throw Fault{
            FaultCode::NameValidationError,
            "tag name must have 1 to " + std::to_string(kTagNameMax) + " characters"};
    for (const char c : name)
        if (static_cast<unsigned char>(c) <= ' ' || c == '\'' || c == '"' || c == '/'
            || c == '\x7f')
            throw Fault{
                FaultCode::NameValidationError,
                "tag name " + quoted(name) + " holds a character that names may not have"};
}

/// Koji's parse_arches: words of letters, digits, '_' and '-'; separated by blanks or commas.
std::optional<std::string> check_arches(const std::optional<std::string>& arches) {
    if (!arches) return std::nullopt;
    const auto words = split_words(replace_all(*arches, ",", " "));
    for (const std::string& word : words)
        for (const char c : word)
            if ((c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && c != '_'
                && c != '-')
                throw Fault{
                    FaultCode::GenericError, "Architecture " + quoted(word) + " is invalid"};
    return join(words, " ");
}

std::optional<PermissionId> find_permission_id(
    Call& call, const std::optional<NameOrId>& permission) {
    if (!permission) return std::nullopt;
    const auto* name = std::get_if<std::string>(&*permission);
    const sql::Rows rows =
        name != nullptr
            ? call.sql().query("SELECT id FROM permissions WHERE name = ?", bound(*name))
            : call.sql().query(
                  "SELECT id FROM permissions WHERE id = ?", {std::get<std::int64_t>(*permission)});
    if (rows.empty())
        throw Fault{
            FaultCode::GenericError, "No such entry in table permissions: " + plain(*permission)};
    return PermissionId{rows[0].integer(0)};
}

Inheritance read_link(const sql::Row& row) {
    return Inheritance{
        .child = TagId{row.integer(0)},
        .parent = TagId{row.integer(1)},
        .parent_name = row.text(2),
        .priority = row.integer(3),
        .max_depth = row.find_integer(4),
        .intransitive = row.integer(5) != 0,
        .no_config = row.integer(6) != 0,
        .package_filter = row.text(7)};
}

constexpr std::string_view kLinkColumns =
    "SELECT i.tag_id, i.parent_id, p.name, i.priority, i.maxdepth, i.intransitive, i.noconfig,"
    " i.pkg_filter FROM tag_inheritance i JOIN tag p ON p.id = ";

std::vector<Inheritance> read_links(
    Call& call, std::string_view name_of, const Conditions& conditions) {
    std::vector<Inheritance> links;
    for (const sql::Row& row : call.sql().query(
             std::string{kLinkColumns} + std::string{name_of} + conditions.where()
                 + " ORDER BY i.priority",
             conditions.parameters()))
        links.push_back(read_link(row));
    return links;
}

/// The walk of a tag's parents: depth first, by priority; a tag is visited once, at its first place, as Koji
/// does it.
class InheritanceWalk {
public:
    InheritanceWalk(Call& call, const InheritanceOptions& options)
        : call_{call},
          options_{options} {}

    std::vector<InheritedTag> run(TagId tag) {
        visited_.push_back(tag);
        visit(tag, 1, std::nullopt);
        return std::move(found_);
    }

private:
    void visit(TagId tag, std::int64_t depth, std::optional<std::int64_t> depth_left) {
        if (depth > kInheritanceDepthMax || (depth_left && *depth_left <= 0)) return;
        for (const Inheritance& link : links_of(tag)) {
            const TagId next = options_.reverse ? link.child : link.parent;
            if (!is_followed(link, depth)) continue;
            if (std::find(visited_.begin(), visited_.end(), next) != visited_.end()) continue;
            if (visited_.size() >= kInheritanceTagsMax)
                throw Fault{
                    FaultCode::GenericError,
                    "inheritance has more than " + std::to_string(kInheritanceTagsMax) + " tags"};
            visited_.push_back(next);
            std::optional<std::int64_t> left = depth_left;
            if (left) --*left;
            if (link.max_depth && (!left || *link.max_depth < *left)) left = link.max_depth;
            found_.push_back({link, depth, left});
            visit(next, depth + 1, left);
        }
    }

    bool is_followed(const Inheritance& link, std::int64_t depth) const {
        if (link.priority < 0) return false;  // Koji's temporary blocks
        if (depth > 1 && link.intransitive) return false;
        return !options_.for_configuration || !link.no_config;
    }

    std::vector<Inheritance> links_of(TagId tag) {
        Conditions conditions;
        conditions.add(options_.reverse ? "i.parent_id = ?" : "i.tag_id = ?", bound(tag));
        conditions.add_in_force("i", options_.as_of);
        return read_links(call_, options_.reverse ? "i.tag_id" : "i.parent_id", conditions);
    }

    Call& call_;
    const InheritanceOptions& options_;
    std::vector<TagId> visited_;
    std::vector<InheritedTag> found_;
};

}  // namespace

std::optional<Tag> Tags::find(Call& call, const NameOrId& key, AsOf as_of) const {
    Conditions conditions;
    if (const auto* name = std::get_if<std::string>(&key)) {
        conditions.add("t.name = ?", {*name});
    } else {
        conditions.add("t.id = ?", {std::get<std::int64_t>(key)});
    }
    conditions.add_in_force("c", as_of);
    const sql::Rows rows =
        call.sql().query(std::string{kColumns} + conditions.where(), conditions.parameters());
    if (rows.empty()) return std::nullopt;
    Tag tag = read_tag(rows[0]);
    tag.extra = read_extra(call, tag.id, as_of);
    return tag;
}

Tag Tags::get(Call& call, const NameOrId& key, AsOf as_of) const {
    auto tag = find(call, key, as_of);
    if (!tag) throw Fault{FaultCode::GenericError, "No such tagInfo: " + shown(key)};
    return *std::move(tag);
}

std::vector<Tag> Tags::list(
    Call& call, const TagFilter& filter, const QueryOptions& options) const {
    Conditions conditions;
    conditions.add("c.active = 1");
    conditions.add_if(
        "t.id IN (SELECT tag_id FROM tag_listing WHERE active = 1 AND build_id = ?)", filter.build);
    conditions.add_if(
        "t.id IN (SELECT tag_id FROM tag_packages WHERE active = 1 AND package_id = ?)",
        filter.package);
    if (filter.pattern)
        conditions.add(
            "LOWER(t.name) LIKE ? ESCAPE '\\'", {to_lower(like_pattern(*filter.pattern))});
    std::vector<Tag> tags;
    for (const sql::Row& row : call.sql().query(
             std::string{kColumns} + conditions.where()
                 + order_and_page(options, {{"id", "t.id"}, {"name", "t.name"}}, "t.id"),
             conditions.parameters()))
        tags.push_back(read_tag(row));
    std::map<TagId, koji::Struct> extras;
    for (const sql::Row& row : call.sql().query(
             "SELECT tag_id, key, value FROM tag_extra WHERE active = 1 ORDER BY tag_id, key"))
        extras[TagId{row.integer(0)}].set(
            row.text(1), decode_json(row.find_text(2).value_or("null")));
    for (Tag& tag : tags)
        if (const auto extra = extras.find(tag.id); extra != extras.end())
            tag.extra = std::move(extra->second);
    return tags;
}

void Tags::write_config(Call& call, const Tag& tag) const {
    revoke(call, "tag_config", "tag_id = ?", bound(tag.id));
    insert_versioned(
        call,
        "tag_config",
        {{"tag_id", sql_value(tag.id)},
         {"arches", sql_value(tag.arches)},
         {"perm_id", sql_value(tag.permission)},
         {"locked", sql_value(tag.locked)},
         {"maven_support", sql_value(tag.maven_support)},
         {"maven_include_all", sql_value(tag.maven_include_all)}});
}

void Tags::write_extra(Call& call, TagId tag, const TagChange& change) const {
    for (const std::string& key : change.remove_extra) {
        if (change.extra.find(key) != nullptr)
            throw Fault{
                FaultCode::GenericError,
                "Can not both add/update and remove tag-extra: '" + key + "'"};
        if (revoke(call, "tag_extra", "tag_id = ? AND key = ?", bound(tag, key)) == 0)
            throw Fault{
                FaultCode::GenericError, "Tag: " + tag.str() + " doesn't have extra: " + key};
    }
    for (const auto& [key, value] : change.extra.members()) {
        revoke(call, "tag_extra", "tag_id = ? AND key = ?", bound(tag, key));
        insert_versioned(
            call,
            "tag_extra",
            {{"tag_id", sql_value(tag)}, {"key", key}, {"value", encode_json(value)}});
    }
}

TagId Tags::create(Call& call, const NewTag& wanted) const {
    require_permission(call, "tag");
    check_tag_name(wanted.name);
    if (find(call, wanted.name))
        throw Fault{
            FaultCode::GenericError, "A tag with the name '" + wanted.name + "' already exists"};
    std::optional<Tag> parent;
    if (wanted.parent) {
        parent = find(call, *wanted.parent);
        if (!parent)
            throw Fault{
                FaultCode::GenericError,
                "Parent tag " + shown(*wanted.parent) + " could not be found"};
    }
    Tag tag{
        .id = TagId{call.sql().insert("INSERT INTO tag (name) VALUES (?)", bound(wanted.name))},
        .name = wanted.name,
        .permission = find_permission_id(call, wanted.permission),
        .arches = check_arches(wanted.arches),
        .locked = wanted.locked,
        .maven_support = wanted.maven_support,
        .maven_include_all = wanted.maven_include_all};
    write_config(call, tag);
    write_extra(call, tag.id, TagChange{.extra = wanted.extra});
    if (parent)
        change_inheritance(
            call,
            tag.id,
            {InheritanceChange{.link = {.parent = parent->id, .parent_name = parent->name}}},
            Clear::No);
    audit(call, "tag.create", wanted.name);
    return tag.id;
}

void Tags::edit(Call& call, const NameOrId& key, const TagChange& change) const {
    require_permission(call, "tag");
    Tag tag = get(call, key);
    // Locks and permissions of tags are the admins': otherwise "tag" would undo every lock.
    if (change.permission) {
        require_permission(call, "admin");
        tag.permission = find_permission_id(call, *change.permission);
    }
    if (change.name && *change.name != tag.name) {
        check_tag_name(*change.name);
        if (find(call, *change.name))
            throw Fault{
                FaultCode::GenericError, "Name " + *change.name + " already taken by another tag"};
        call.sql().execute("UPDATE tag SET name = ? WHERE id = ?", bound(*change.name, tag.id));
    }
    if (change.arches) tag.arches = check_arches(*change.arches);
    tag.locked = change.locked.value_or(tag.locked);
    tag.maven_support = change.maven_support.value_or(tag.maven_support);
    tag.maven_include_all = change.maven_include_all.value_or(tag.maven_include_all);
    write_config(call, tag);
    write_extra(call, tag.id, change);
    audit(call, "tag.edit", tag.name);
}

void Tags::remove(Call& call, const NameOrId& key) const {
    require_permission(call, "tag");
    const Tag tag = get(call, key);
    revoke(call, "build_target_config", "(build_tag = ? OR dest_tag = ?)", bound(tag.id, tag.id));
    revoke(call, "tag_inheritance", "(tag_id = ? OR parent_id = ?)", bound(tag.id, tag.id));
    for (const std::string_view table :
         {"tag_config", "tag_extra", "tag_listing", "tag_packages", "tag_package_owners"})
        revoke(call, table, "tag_id = ?", bound(tag.id));
    // The name can be given to another tag; as-of queries by id still find this one.
    call.sql().execute(
        "UPDATE tag SET name = ? WHERE id = ?",
        bound(tag.name + "@deleted-" + call.event().str(), tag.id));
    audit(call, "tag.delete", tag.name);
}

std::vector<Inheritance> Tags::parents(Call& call, TagId tag, AsOf as_of) const {
    Conditions conditions;
    conditions.add("i.tag_id = ?", bound(tag));
    conditions.add_in_force("i", as_of);
    return read_links(call, "i.parent_id", conditions);
}

void Tags::change_inheritance(
    Call& call, TagId tag, const std::vector<InheritanceChange>& changes, Clear clear) const {
    require_permission(call, "tag");
    if (clear == Clear::Yes) revoke(call, "tag_inheritance", "tag_id = ?", bound(tag));
    for (const InheritanceChange& change : changes)
        revoke(
            call,
            "tag_inheritance",
            "tag_id = ? AND parent_id = ?",
            bound(tag, change.link.parent));
    for (const InheritanceChange& change : changes) {
        if (change.remove) continue;
        const Inheritance& link = change.link;
        if (!link.package_filter.empty())
            throw Fault{
                FaultCode::GenericError,
                "package filters of inheritance are not supported: use block-pkg in the tag"};
        const Tag parent = get(call, link.parent.value());
        for (const Inheritance& known : parents(call, tag))
            if (known.priority == link.priority)
                throw Fault{
                    FaultCode::GenericError,
                    "Inheritance priorities must be unique (pri " + std::to_string(link.priority)
                        + ": " + known.parent_name + ", " + parent.name + ")"};
        const auto above = full_inheritance(call, parent.id);
        const bool loops =
            parent.id == tag
            || std::any_of(above.begin(), above.end(), [&](const InheritedTag& other) {
                   return other.link.parent == tag;
               });
        if (loops)
            throw Fault{
                FaultCode::GenericError, "Inheritance loop: " + parent.name + " inherits this tag"};
        insert_versioned(
            call,
            "tag_inheritance",
            {{"tag_id", sql_value(tag)},
             {"parent_id", sql_value(parent.id)},
             {"priority", link.priority},
             {"maxdepth", sql_value(link.max_depth)},
             {"intransitive", sql_value(link.intransitive)},
             {"noconfig", sql_value(link.no_config)},
             {"pkg_filter", link.package_filter}});
    }
    audit(call, "tag.inheritance", tag.str());
}

std::vector<InheritedTag> Tags::full_inheritance(
    Call& call, TagId tag, const InheritanceOptions& options) const {
    return InheritanceWalk{call, options}.run(tag);
}

BuildConfiguration Tags::build_configuration(Call& call, const NameOrId& key, AsOf as_of) const {
    BuildConfiguration result{.tag = get(call, key, as_of)};
    for (const InheritedTag& above :
         full_inheritance(call, result.tag.id, {.as_of = as_of, .for_configuration = true})) {
        const auto parent = find(call, above.link.parent.value(), as_of);
        if (!parent) continue;
        if (!result.tag.arches && parent->arches) {
            result.tag.arches = parent->arches;
            result.arches_from = parent->id;
        }
        for (const auto& [name, value] : parent->extra.members()) {
            if (result.tag.extra.find(name) != nullptr) continue;
            result.tag.extra.set(name, value);
            result.extra_from.emplace_back(name, parent->id);
        }
    }
    return result;
}

}  // namespace nacre::hub
