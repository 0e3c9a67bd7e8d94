#pragma once

#include "hub/policies.hpp"
#include "hub/sessions.hpp"
#include "hub/tags.hpp"

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace nacre::hub {

struct Package {
    PackageId id;
    std::string name;
};

/// A package in the list of a tag.
struct TagPackage {
    PackageId package;
    std::string package_name;
    TagId tag;  ///< the one that decides, perhaps a parent
    std::string tag_name;
    std::optional<std::string> extra_arches;
    bool blocked = false;
    std::optional<UserId> owner;
    std::optional<std::string> owner_name;
};

struct PackageListFilter {
    std::optional<TagId> tag;
    std::optional<UserId> owner;
    std::optional<NameOrId> package;
    std::optional<std::string> prefix;
    bool inherited = false;
    bool with_duplicates = false;
    bool with_blocked = true;
    AsOf as_of;
};

/// Koji's packageListAdd. Absent members: as they are, or as inherited.
struct PackageListEntry {
    std::optional<NameOrId> owner;
    std::optional<bool> block;
    std::optional<std::string> extra_arches;
    Force force = Force::No;
    bool update = false;
};

/// Policy "package_list" decides about changes; force needs admin. Thread-safe.
class PackageLists {
public:
    PackageLists(const Policies& policies, const Tags& tags) : policies_{policies}, tags_{tags} {}

    std::optional<Package> find_package(Call& call, const NameOrId& key) const;
    Package get_package(Call& call, const NameOrId& key) const;  ///< "No such package: x"
    Package ensure_package(Call& call, std::string_view name) const;

    void add(
        Call& call,
        const NameOrId& tag,
        const NameOrId& package,
        const PackageListEntry& entry = {}) const;
    void remove(Call& call, const NameOrId& tag, const NameOrId& package, Force force) const;
    void block(Call& call, const NameOrId& tag, const NameOrId& package, Force force) const;
    void unblock(Call& call, const NameOrId& tag, const NameOrId& package, Force force) const;

    std::vector<TagPackage> list(
        Call& call, const PackageListFilter& filter, const QueryOptions& options = {}) const;
    /// getPackageConfig: the entry that holds for `tag`, blocked or not, its own or a parent's.
    std::optional<TagPackage> find_entry(
        Call& call, TagId tag, const NameOrId& package, AsOf as_of = {}) const;
    /// Whether each listed package is blocked, by the first of `tags` that lists it.
    std::map<PackageId, bool> blocked(
        Call& call,
        const std::vector<TagId>& tags,
        const std::optional<std::string>& package = {},
        AsOf as_of = {}) const;
    /// By name: the lists of the tag and its parents, the nearest first.
    std::map<PackageId, TagPackage> effective(Call& call, TagId tag, AsOf as_of = {}) const;

private:
    void require_policy(
        Call& call,
        std::string_view action,
        const Tag& tag,
        const std::string& package,
        Force force) const;
    void write(Call& call, const Tag& tag, const TagPackage& entry) const;
    std::vector<TagPackage> list_inherited(
        Call& call, TagId tag, const PackageListFilter& filter) const;
    std::vector<TagPackage> own_entries(
        Call& call, TagId tag, AsOf as_of, std::optional<PackageId> package) const;

    const Policies& policies_;
    const Tags& tags_;
};

}  // namespace nacre::hub
