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

std::string make_url(const std::string& source) {
    return chosen().server->make_database("test" + std::to_string(++chosen().made), source);
}

std::shared_ptr<sql::Database> open(const std::string& url) {
    return std::make_shared<sql::PostgresDatabase>(sql::PostgresOptions{.url = url});
}

}  // namespace

std::shared_ptr<sql::Database> make_database() {
    if (!chosen().server) return sql::SqliteDatabase::temporary();
    return open(make_postgres_url());
}

std::shared_ptr<sql::Database> make_database(
    const std::string& name, const std::function<void(sql::Database&)>& prepare) {
    if (!chosen().server) return sql::SqliteDatabase::temporary();
    if (chosen().prepared.insert(name).second) {
        sql::PostgresDatabase database{{.url = chosen().server->make_database(name)}};
        prepare(database);
    }
    return open(make_url(name));
}

std::string make_postgres_url() {
    return make_url("template1");
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
