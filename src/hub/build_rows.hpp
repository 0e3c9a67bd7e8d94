#pragma once

#include "hub/builds.hpp"

#include <string_view>

namespace nacre::hub {

/// What read_build() reads, from the first column on: "b" is the build, "p" its package, "u" its owner.
#define NACRE_BUILD_FIELDS_WITH(extra)                                                            \
    "b.id, b.pkg_id, p.name, b.version, b.release, b.epoch, b.state, b.task_id, b.owner, u.name," \
    " b.source, " extra                                                                           \
    ", b.cg_id, g.name, b.create_event, b.create_time, b.start_time, b.completion_time"
#define NACRE_BUILD_FIELDS NACRE_BUILD_FIELDS_WITH("b.extra")
/// For many builds: what an import says about one may be long.
#define NACRE_BUILD_FIELDS_WITHOUT_EXTRA NACRE_BUILD_FIELDS_WITH("NULL")
#define NACRE_BUILD_TABLES                                                             \
    " JOIN package p ON p.id = b.pkg_id LEFT JOIN users u ON u.id = b.owner LEFT JOIN" \
    " content_generator g ON g.id = b.cg_id"

inline constexpr std::string_view kBuildColumns =
    "SELECT " NACRE_BUILD_FIELDS " FROM build b" NACRE_BUILD_TABLES;
inline constexpr std::size_t kBuildColumnCount = 18;

Build read_build(const sql::Row& row);

}  // namespace nacre::hub
