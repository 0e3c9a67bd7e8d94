#include "sql/sqlite_database.hpp"

#include "base/error.hpp"
#include "support/temp_dir.hpp"

#include <gtest/gtest.h>

#include <fstream>

namespace nacre::sql {
namespace {

TEST(SqliteDatabase, GivesUpWaitingForATurnAfterTheLimit) {
    const auto database = SqliteDatabase::temporary({.write_wait = std::chrono::milliseconds{20}});
    const auto first = database->begin(Access::Write);
    try {
        database->begin(Access::Write);
        FAIL() << "two writers at once";
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::Unavailable);
        EXPECT_STREQ(error.what(), "the database is busy: no turn to write within 20 ms");
    }
    first->commit();
    EXPECT_NO_THROW(database->begin(Access::Write));
}

TEST(SqliteDatabase, FindsNothingWrongInAHealthyFile) {
    const auto database = SqliteDatabase::temporary();
    EXPECT_TRUE(database->check_integrity().empty());
}

TEST(SqliteDatabase, RefusesAFileThatIsNoDatabase) {
    const test::TempDir folder;
    std::ofstream{folder.path() / "db"} << std::string(4096, 'x');
    try {
        const SqliteDatabase database{folder.path() / "db"};
        FAIL() << "opened";
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::DataCorrupt);
        EXPECT_NE(error.describe().find("/db'"), std::string::npos) << error.describe();
    }
}

TEST(SqliteDatabase, FindsItsRowsAgainAfterItWasClosed) {
    const test::TempDir folder;
    {
        SqliteDatabase database{folder.path() / "db"};
        const auto writing = database.begin(Access::Write);
        writing->execute("CREATE TABLE t (id INTEGER PRIMARY KEY)");
        writing->execute("INSERT INTO t VALUES (7)");
        writing->commit();
    }
    SqliteDatabase database{folder.path() / "db"};
    EXPECT_EQ(database.begin(Access::Read)->query("SELECT id FROM t").at(0).integer(0), 7);
}

TEST(SqliteDatabase, TakesATemporaryDatabaseAwayWithTheObject) {
    std::string file;
    {
        const auto database = SqliteDatabase::temporary();
        file = database->begin(Access::Read)
                   ->query("SELECT file FROM pragma_database_list WHERE name = 'main'")
                   .at(0)
                   .text(0);
        EXPECT_TRUE(std::filesystem::exists(file));
    }
    EXPECT_FALSE(std::filesystem::exists(std::filesystem::path{file}.parent_path()));
}

TEST(Row, NamesTheColumnThatIsOfAnotherType) {
    const auto database = SqliteDatabase::temporary();
    const Rows rows = database->begin(Access::Read)->query("SELECT 'x' AS label, 2 AS number");
    EXPECT_DOUBLE_EQ(rows[0].real(1), 2.0);
    try {
        rows[0].integer(0);
        FAIL();
    } catch (const Error& error) {
        EXPECT_STREQ(error.what(), "column 'label' is text, expected integer");
    }
}

}  // namespace
}  // namespace nacre::sql
