#pragma once

#include "cli/session.hpp"

#include <string>
#include <vector>

namespace nacre::cli::container {

/// What `fedpkg container-build` takes (reference B.1.1).
struct BuildOptions {
    std::string target;  ///< empty: by the branch
    bool nowait = false;
    bool background = false;
    bool scratch = false;
    bool isolated = false;
    std::string build_release;
    std::string koji_parent_build;
    std::vector<std::string> arches;
    std::vector<std::string> repo_urls;
    std::string git_branch;  ///< empty: the checkout's
    bool quiet = false;
};

/// Submits the pushed commit of the checkout as a buildContainer task and follows it.
int build(const Session& session, const BuildOptions& options);

}  // namespace nacre::cli::container
