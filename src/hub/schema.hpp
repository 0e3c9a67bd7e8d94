#pragma once

#include "sql/database.hpp"
#include "sql/migrations.hpp"

#include <string_view>

namespace nacre::hub {

/// All versions of the hub's tables, in their order, for a dialect. A version that was released never changes.
sql::Migrations schema(std::string_view dialect);

/// Brings a database to the newest version, creating what a new one needs (permissions, channels, archive and
/// build types). Throws Error{Unsupported} for a database from a newer program.
void migrate(sql::Database& database);

}  // namespace nacre::hub
