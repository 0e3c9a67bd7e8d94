#pragma once

#include "dockerfile/syntax.hpp"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace nacre::dockerfile::detail {

struct MountProblem {
    std::string message;
    std::string hint;
};

/// Finds `from` and puts it into the flag; checks what can be checked before variables have values.
std::vector<MountProblem> check_mount(MountFlag& flag);

struct MountField {
    std::string key;  ///< in lower case
    std::string value;
    bool has_value = false;
};

/// The comma separated fields; double quotes keep a comma.
std::vector<MountField> split_mount(std::string_view raw);

}  // namespace nacre::dockerfile::detail
