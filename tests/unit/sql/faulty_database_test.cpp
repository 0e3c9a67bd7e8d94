#include "sql/faulty_database.hpp"

#include "base/error.hpp"
#include "sql/sqlite_database.hpp"

#include <gtest/gtest.h>

namespace nacre::sql {
namespace {

TEST(FaultyDatabase, FailsTheCallItWasToldAndNoOther) {
    const auto real = SqliteDatabase::temporary();
    FaultyDatabase database{*real};
    const auto use = [&] {
        const auto writing = database.begin(Access::Write);
        writing->execute("CREATE TABLE IF NOT EXISTS t (id INTEGER PRIMARY KEY)");
        writing->insert("INSERT INTO t DEFAULT VALUES");
        writing->query("SELECT id FROM t");
        writing->commit();
    };
    database.fail_call(0);
    use();
    const std::int64_t calls = database.calls();
    EXPECT_EQ(calls, 5);
    for (std::int64_t number = 1; number <= calls; ++number) {
        database.fail_call(number);
        EXPECT_THROW(use(), Error) << number;
    }
    database.fail_call(calls + 1);
    EXPECT_NO_THROW(use());
    EXPECT_EQ(real->begin(Access::Read)->query("SELECT id FROM t").size(), 2U);
}

}  // namespace
}  // namespace nacre::sql
