#include "hub/schema.hpp"

#include "base/error.hpp"
#include "base/thread_group.hpp"
#include "sql/migrations.hpp"
#include "support/test_database.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace nacre::hub {
namespace {

using sql::Access;

/// What a hub of the first version kept: a build, its task, and one that waits, with a refusal of each.
constexpr std::string_view kData = R"(
INSERT INTO events (time) VALUES (1);
INSERT INTO users (name, status, usertype) VALUES ('alice', 0, 0), ('b1', 0, 1);
INSERT INTO host (user_id, name, ready, task_load, methods) VALUES (2, 'b1', 1, 0, 'x');
INSERT INTO task (state, create_time, channel_id, waiting, awaited, owner, method, arch,
  priority, weight, request, changed_time) VALUES
  (2, 5, 1, 0, 0, 1, 'buildContainer', 'noarch', 20, 1.5, '[]', 6),
  (0, 7, 1, 0, 0, 1, 'buildContainer', 'noarch', 20, 1.5, '[]', 7),
  (0, 8, 1, 0, 0, NULL, 'buildContainer', 'noarch', 20, 1.5, '[]', 8);
INSERT INTO task_refusals (task_id, host_id, by_host, soft, msg, time) VALUES
  (1, 1, 0, 1, 'ended', 1), (2, 1, 0, 1, 'waits', 1);
INSERT INTO package (name) VALUES ('Web');
INSERT INTO build (pkg_id, version, release, state, task_id, create_event, create_time)
  VALUES (1, '1.0', '1', 1, 1, 1, 5);
)";

sql::Migrations first_of(const sql::Migrations& all, std::size_t count) {
    return {all.begin(), all.begin() + static_cast<std::ptrdiff_t>(count)};
}

/// A database as a hub of schema version `version` left it.
std::shared_ptr<sql::Database> make_old(std::size_t version) {
    auto database = test::make_database();
    const sql::Migrations all = schema(database->dialect());
    // The data is the first version's: it goes through every later step.
    sql::migrate(*database, "hub", first_of(all, 1));
    sql::migrate(*database, "data", {{1, "what was kept", std::string{kData}}});
    sql::migrate(*database, "hub", first_of(all, version));
    return database;
}

std::string describe(sql::Database& database, std::string_view query) {
    std::string text;
    for (const sql::Row& row : database.begin(Access::Read)->query(query)) {
        for (std::size_t column = 0; column < row.size(); ++column)
            text += row.find_text(column).value_or("-") + " ";
        text += "\n";
    }
    return text;
}

/// Tables, columns and indexes in a form that two databases can be compared by.
std::string describe_schema(sql::Database& database) {
    if (database.dialect() == "sqlite")
        return describe(database, "SELECT name, sql FROM sqlite_master ORDER BY name");
    return describe(
               database,
               "SELECT CAST(table_name AS TEXT), CAST(column_name AS TEXT),"
               " CAST(data_type AS TEXT), CAST(is_nullable AS TEXT)"
               " FROM information_schema.columns WHERE table_schema = 'public' ORDER BY 1, 2")
           + describe(
               database, "SELECT indexdef FROM pg_indexes WHERE schemaname = 'public' ORDER BY 1");
}

std::vector<std::int64_t> integers(sql::Database& database, std::string_view query) {
    std::vector<std::int64_t> values;
    for (const sql::Row& row : database.begin(Access::Read)->query(query))
        values.push_back(row.integer(0));
    return values;
}

TEST(Schema, IsReachedFromEveryVersionWithItsData) {
    const auto fresh = test::make_database();
    migrate(*fresh);
    const std::string wanted = describe_schema(*fresh);
    ASSERT_THAT(wanted, testing::HasSubstr("task_queue"));
    const std::size_t newest = schema(fresh->dialect()).size();
    for (std::size_t version = 1; version <= newest; ++version) {
        SCOPED_TRACE("from version " + std::to_string(version));
        const auto database = make_old(version);
        migrate(*database);
        EXPECT_EQ(describe_schema(*database), wanted);
        using testing::ElementsAre;
        EXPECT_THAT(
            integers(*database, "SELECT queue_owner FROM task ORDER BY id"), ElementsAre(1, 1, 0));
        EXPECT_THAT(integers(*database, "SELECT task_id FROM task_refusals"), ElementsAre(2));
        EXPECT_THAT(
            integers(*database, "SELECT build_id FROM build_names WHERE name = 'web-1.0-1'"),
            ElementsAre(1));
        EXPECT_THAT(integers(*database, "SELECT COUNT(*) FROM channels"), ElementsAre(6));
        EXPECT_TRUE(database->check_integrity().empty());
    }
}

TEST(Schema, OfANewerProgramIsRefused) {
    const auto database = test::make_database();
    sql::Migrations newer = schema(database->dialect());
    newer.push_back({static_cast<std::int64_t>(newer.size()) + 1, "to come", ""});
    sql::migrate(*database, "hub", newer);
    try {
        migrate(*database);
        FAIL() << "expected an Error";
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::Unsupported);
    }
}

TEST(Schema, IsMadeOnceByTwoThatStartTogether) {
    const auto database = test::make_database();
    ThreadGroup threads;
    for (const char* name : {"one", "other"})
        threads.start(name, [&](const std::stop_token&) { migrate(*database); });
    threads.join();
    EXPECT_THAT(
        integers(*database, "SELECT version FROM schema_version WHERE component = 'hub'"),
        testing::ElementsAre(static_cast<std::int64_t>(schema(database->dialect()).size())));
}

}  // namespace
}  // namespace nacre::hub
