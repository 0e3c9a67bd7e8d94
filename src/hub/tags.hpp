#pragma once

#include "hub/call.hpp"
#include "hub/query.hpp"
#include "koji/value.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace nacre::hub {

struct Tag {
    TagId id;
    std::string name;
    std::optional<PermissionId> permission;
    std::optional<std::string> permission_name;
    std::optional<std::string> arches;  ///< separated by blanks
    bool locked = false;
    bool maven_support = false;
    bool maven_include_all = false;
    koji::Struct extra;
};

struct NewTag {
    std::string name;
    std::optional<NameOrId> parent;
    std::optional<std::string> arches;
    std::optional<NameOrId> permission;
    bool locked = false;
    bool maven_support = false;
    bool maven_include_all = false;
    koji::Struct extra;
};

/// What editTag2 was given; absent members stay as they are.
struct TagChange {
    std::optional<std::string> name;
    std::optional<std::optional<std::string>> arches;
    std::optional<std::optional<NameOrId>> permission;
    std::optional<bool> locked;
    std::optional<bool> maven_support;
    std::optional<bool> maven_include_all;
    koji::Struct extra;                     ///< set
    std::vector<std::string> remove_extra;  ///< names
};

struct Inheritance {
    TagId child;
    TagId parent;
    std::string parent_name;
    std::int64_t priority = 0;
    std::optional<std::int64_t> max_depth;
    bool intransitive = false;
    bool no_config = false;
    std::string package_filter;  ///< always empty: filters are refused
};

/// One line of the whole inheritance of a tag, in the order in which packages are looked up.
struct InheritedTag {
    Inheritance link;
    std::int64_t depth = 1;  ///< 1: a parent
    std::optional<std::int64_t> next_depth;
};

struct InheritanceOptions {
    AsOf as_of;
    bool reverse = false;
    bool for_configuration = false;  ///< links with no_config end the walk
};

/// One element of setInheritanceData.
struct InheritanceChange {
    Inheritance link;
    bool remove = false;
};

/// Whether setInheritanceData ends the links that it does not name.
enum class Clear : std::uint8_t { No, Yes };

/// Tag configuration over its parents: what getBuildConfig adds.
struct BuildConfiguration {
    Tag tag;
    std::optional<TagId> arches_from;  ///< the tag that `arches` came from, when inherited
    std::vector<std::pair<std::string, TagId>> extra_from;
};

struct TagFilter {
    std::optional<BuildId> build;
    std::optional<PackageId> package;
    std::optional<std::string> pattern;  ///< glob
};

/// Depth of inheritance and number of tags on the way that are followed.
inline constexpr std::int64_t kInheritanceDepthMax = 64;
inline constexpr std::size_t kInheritanceTagsMax = 4096;

/// Changes need permission `tag` (admin implies it). Stateless: thread-safe.
class Tags {
public:
    std::optional<Tag> find(Call& call, const NameOrId& key, AsOf as_of = {}) const;
    Tag get(Call& call, const NameOrId& key, AsOf as_of = {}) const;  ///< "No such tagInfo: 'x'"
    std::vector<Tag> list(
        Call& call, const TagFilter& filter = {}, const QueryOptions& options = {}) const;

    TagId create(Call& call, const NewTag& tag) const;
    void edit(Call& call, const NameOrId& key, const TagChange& change) const;
    /// The name becomes free; history keeps the tag by its id.
    void remove(Call& call, const NameOrId& key) const;

    std::vector<Inheritance> parents(Call& call, TagId tag, AsOf as_of = {}) const;
    void change_inheritance(
        Call& call, TagId tag, const std::vector<InheritanceChange>& changes, Clear clear) const;
    std::vector<InheritedTag> full_inheritance(
        Call& call, TagId tag, const InheritanceOptions& options = {}) const;
    BuildConfiguration build_configuration(Call& call, const NameOrId& key, AsOf as_of = {}) const;

private:
    void write_config(Call& call, const Tag& tag) const;
    void write_extra(Call& call, TagId tag, const TagChange& change) const;
};

}  // namespace nacre::hub
