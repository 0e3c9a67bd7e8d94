#include "sql/migrations.hpp"

#include "base/error.hpp"
#include "sql/sqlite_database.hpp"

#include <gtest/gtest.h>

namespace nacre::sql {
namespace {

const Migrations kFirst{{1, "first", "CREATE TABLE a (id INTEGER PRIMARY KEY); -- a comment\n"}};
const Migrations kSecond{
    kFirst[0],
    {2,
     "second",
     "ALTER TABLE a ADD COLUMN name TEXT;\n\nINSERT INTO a (name)\n  VALUES ('x');\n"}};

TEST(Migrations, RunOnlyWhatIsMissing) {
    const auto database = SqliteDatabase::temporary();
    EXPECT_EQ(migrate(*database, "hub", kFirst), 1);
    EXPECT_EQ(migrate(*database, "hub", kFirst), 1);
    EXPECT_EQ(migrate(*database, "hub", kSecond), 2);
    EXPECT_EQ(database->begin(Access::Read)->query("SELECT name FROM a").at(0).text(0), "x");
}

TEST(Migrations, RefuseADatabaseOfANewerProgram) {
    const auto database = SqliteDatabase::temporary();
    migrate(*database, "hub", kSecond);
    try {
        migrate(*database, "hub", kFirst);
        FAIL() << "went on";
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::Unsupported);
        EXPECT_STREQ(error.what(), "the database has version 2 of 'hub', this program knows 1");
    }
}

TEST(Migrations, LeaveTheDatabaseAsItWasWhenOneFails) {
    const auto database = SqliteDatabase::temporary();
    migrate(*database, "hub", kFirst);
    const Migrations broken{
        kFirst[0], {2, "broken", "INSERT INTO a (id) VALUES (1);\nINSERT INTO none VALUES (1);\n"}};
    try {
        migrate(*database, "hub", broken);
        FAIL() << "went on";
    } catch (const Error& error) {
        EXPECT_NE(error.describe().find("migration 2 'broken'"), std::string::npos);
    }
    EXPECT_TRUE(database->begin(Access::Read)->query("SELECT id FROM a").empty());
    EXPECT_EQ(migrate(*database, "hub", kSecond), 2);
}

TEST(Migrations, CountEachComponentAlone) {
    const auto database = SqliteDatabase::temporary();
    migrate(*database, "hub", kFirst);
    EXPECT_EQ(migrate(*database, "other", {{1, "o", "CREATE TABLE o (id INTEGER)"}}), 1);
}

}  // namespace
}  // namespace nacre::sql
