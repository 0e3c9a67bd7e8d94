#pragma once

#include "sql/database.hpp"
#include "support/postgres_server.hpp"

#include <functional>
#include <memory>
#include <string>

namespace nacre::test {

/// An empty database of the kind that the test program was told to use: SQLite, or PostgreSQL with --database=postgresql. Test
/// programs that use it are declared with ON_POSTGRESQL, which runs them once more.
std::shared_ptr<sql::Database> make_database();

/// The same with what `prepare` makes of an empty one; it runs once for a `name`.
std::shared_ptr<sql::Database> make_database(
    const std::string& name, const std::function<void(sql::Database&)>& prepare);

/// The address of an empty database of the server.
std::string make_postgres_url();

/// The server of this program; nothing when it runs on SQLite.
PostgresServer* find_postgres_server();

}  // namespace nacre::test
