#pragma once

#include "base/diagnostic.hpp"
#include "source/tree.hpp"

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace nacre::source {

/// What a repository says about its build, in container.yaml and additional-tags. Keys that are null or absent have
/// their defaults.
struct BuildSettings {
    std::vector<std::string> only_platforms;  ///< empty: all of the target
    std::vector<std::string> excluded_platforms;
    std::vector<std::string> tags;  ///< further image tags
    /// The tags stand in container.yaml: they replace the usual floating ones instead of joining them.
    bool tags_are_all = false;
    std::optional<std::string> set_release_env;  ///< a variable that gets the release
    std::optional<std::chrono::seconds> buildtime_limit;

    struct Autorebuild {
        bool from_latest = false;
        bool add_timestamp_to_release = false;
        bool ignore_isolated_builds = false;
    };

    Autorebuild autorebuild;
};

struct BuildSettingsFile {
    BuildSettings settings;
    Diagnostics diagnostics;
};

/// Reads the text of a container.yaml (original-system section B.4.5). Unknown keys and wrong values are errors, and
/// so are keys of features that are not there yet: nothing is silently ignored. Never throws for any text.
BuildSettingsFile parse_container_yaml(std::string_view text, const std::string& file_name);

struct AdditionalTags {
    std::vector<std::string> tags;
    Diagnostics diagnostics;
};

/// One tag a line; empty lines, comments and names with a hyphen are left out (the latter with a warning).
AdditionalTags parse_additional_tags(std::string_view text, const std::string& file_name);

/// Reads container.yaml and additional-tags of a tree; both may be missing. Misspelt names of these files and tags
/// in both are errors.
BuildSettingsFile read_build_settings(const Tree& tree);

}  // namespace nacre::source
