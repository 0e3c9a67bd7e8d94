#pragma once

#include "sql/database.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace nacre::sql {

/// One numbered step of a schema: statements separated by ';' at line ends.
struct Migration {
    std::int64_t version = 0;  ///< from 1, without gaps
    std::string name;
    std::string statements;
};

using Migrations = std::vector<Migration>;

/// Runs the migrations that `component` has not had yet, all in one transaction, and notes them in table
/// schema_version. Returns the version reached. Throws Error{Unsupported} when the database is of a newer
/// version than the last migration.
std::int64_t migrate(Database& database, std::string_view component, const Migrations& migrations);

}  // namespace nacre::sql
