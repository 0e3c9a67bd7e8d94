#pragma once

#include "hub/tags.hpp"

#include <optional>
#include <string>
#include <vector>

namespace nacre::hub {

struct Target {
    TargetId id;
    std::string name;
    TagId build_tag;
    std::string build_tag_name;
    TagId dest_tag;
    std::string dest_tag_name;
};

struct TargetFilter {
    std::optional<NameOrId> target;
    std::optional<TagId> build_tag;
    std::optional<TagId> dest_tag;
    AsOf as_of;
};

/// Changes need permission `target`. Stateless: thread-safe.
class Targets {
public:
    std::optional<Target> find(Call& call, const NameOrId& key, AsOf as_of = {}) const;
    Target get(
        Call& call, const NameOrId& key, AsOf as_of = {}) const;  ///< "No such build target: x"
    std::vector<Target> list(
        Call& call, const TargetFilter& filter = {}, const QueryOptions& options = {}) const;

    void create(
        Call& call,
        std::string_view name,
        const NameOrId& build_tag,
        const NameOrId& dest_tag) const;
    void edit(
        Call& call,
        const NameOrId& key,
        std::string_view name,
        const NameOrId& build_tag,
        const NameOrId& dest_tag) const;
    void remove(Call& call, const NameOrId& key) const;
};

}  // namespace nacre::hub
