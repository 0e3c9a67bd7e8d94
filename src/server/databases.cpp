#include "server/databases.hpp"

#include "base/error.hpp"
#include "sql/postgres_database.hpp"
#include "sql/sqlite_database.hpp"

namespace nacre::server {
namespace {

/// Beside the threads that answer requests: scheduler and its lock, janitor, publisher, builder and the tasks' logs.
constexpr std::size_t kOwnConnections = 8;

}  // namespace

std::unique_ptr<sql::Database> open_database(const Config& config, const Layout& layout) {
    if (config.database.url.empty())
        return std::make_unique<sql::SqliteDatabase>(layout.database());
    return with_context("database.url", [&] {
        return std::make_unique<sql::PostgresDatabase>(sql::PostgresOptions{
            .url = config.database.url,
            .connections_max = static_cast<std::size_t>(config.http.workers) + kOwnConnections});
    });
}

}  // namespace nacre::server
