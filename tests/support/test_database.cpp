#include "support/test_database.hpp"

#include "sql/postgres_database.hpp"
#include "sql/sqlite_database.hpp"

#include <gtest/gtest.h>

#include <cstdio>
#include <cstring>
#include <set>

namespace nacre::test {
namespace {

/// What main() was told. Tests run one after the other.
struct Chosen {
    std::unique_ptr<PostgresServer> server;
    std::set<std::string> prepared;
    int made = 0;
};

Chosen& chosen() {
    static Chosen one;
    return one;
}

std::string make_name() {
    return "test" + std::to_string(++chosen().made);
}

/// A copy of `source`, dropped with its last user.
std::shared_ptr<sql::Database> open_copy(const std::string& source) {
    const std::string name = make_name();
    auto database = std::make_unique<sql::PostgresDatabase>(
        sql::PostgresOptions{.url = chosen().server->make_database(name, source)});
    return {database.release(), [name](const sql::PostgresDatabase* used) {
                delete used;
                chosen().server->drop_database(name);
            }};
}

}  // namespace

std::shared_ptr<sql::Database> make_database() {
    if (!chosen().server) return sql::SqliteDatabase::temporary();
    return open_copy("template1");
}

std::shared_ptr<sql::Database> make_database(
    const std::string& name, const std::function<void(sql::Database&)>& prepare) {
    if (!chosen().server) return sql::SqliteDatabase::temporary();
    if (chosen().prepared.insert(name).second) {
        sql::PostgresDatabase database{{.url = chosen().server->make_database(name)}};
        prepare(database);
    }
    return open_copy(name);
}

std::string make_postgres_url() {
    return chosen().server->make_database(make_name());
}

PostgresServer* find_postgres_server() {
    return chosen().server.get();
}

}  // namespace nacre::test

int main(int argc, char** argv) {
    constexpr int kSkipped = 77;
    testing::InitGoogleTest(&argc, argv);
    if (argc > 1 && std::strcmp(argv[1], "--database=postgresql") == 0) {
        if (!nacre::test::PostgresServer::find_programs()) {
            std::puts("skipped: PostgreSQL is not installed (Debian package postgresql)");
            return kSkipped;
        }
        nacre::test::chosen().server = std::make_unique<nacre::test::PostgresServer>();
    }
    const int result = RUN_ALL_TESTS();
    nacre::test::chosen().server.reset();
    return result;
}
