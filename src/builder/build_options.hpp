#pragma once

#include "koji/value.hpp"

#include <optional>
#include <string>
#include <vector>

namespace nacre::builder {

/// What a buildContainer task was asked for: its request [src, target, opts] (reference B.3.2).
struct BuildOptions {
    std::string source;
    std::string target;
    std::string git_branch;
    bool scratch = false;
    bool isolated = false;
    std::string release;              ///< empty: from the label, else chosen
    std::string koji_parent_build;    ///< NVR; empty: FROM as written
    std::vector<std::string> arches;  ///< empty: those of the build tag

    /// Throws koji::Fault{BuildError} with all that is wrong, one finding a line: unknown options, wrong types,
    /// combinations that exclude each other, options that this builder does not know how to honour.
    static BuildOptions parse(const koji::Array& request);
};

}  // namespace nacre::builder
