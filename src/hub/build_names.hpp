#pragma once

#include "hub/call.hpp"
#include "hub/statement.hpp"
#include "koji/nvr.hpp"

#include <string_view>

namespace nacre::hub {

/// The names of builds in lower case, indexed by their three-letter pieces (table build_names).
void index_build_name(Call& call, BuildId build, const koji::Nvr& nvr);

/// Builds "b" whose name-version-release matches the glob, in any case.
void add_build_pattern(Conditions& conditions, std::string_view glob);

}  // namespace nacre::hub
