#pragma once

#include "sql/database.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>

namespace nacre::test {

/// An empty database, and whatever it takes to keep it.
struct DatabaseUnderTest {
    std::shared_ptr<void> keeper;
    sql::Database* database = nullptr;
};

struct DatabaseKind {
    std::string name;
    std::function<DatabaseUnderTest()> make;
};

/// Every implementation of sql::Database instantiates it.
class DatabaseContract : public testing::TestWithParam<DatabaseKind> {
protected:
    DatabaseContract() : made_{GetParam().make()}, database_{*made_.database} {
        const auto transaction = database_.begin(sql::Access::Write);
        transaction->execute(
            "CREATE TABLE thing (id INTEGER PRIMARY KEY, name TEXT UNIQUE, weight DOUBLE "
            "PRECISION)");
        transaction->execute(
            "CREATE TABLE part (id INTEGER PRIMARY KEY, thing_id BIGINT NOT NULL REFERENCES "
            "thing(id))");
        transaction->commit();
    }

    std::int64_t count(sql::Transaction& transaction) {
        return transaction.query("SELECT COUNT(*) FROM thing")[0].integer(0);
    }

    std::int64_t count() {
        const auto transaction = database_.begin(sql::Access::Read);
        return count(*transaction);
    }

    DatabaseUnderTest made_;
    sql::Database& database_;
};

}  // namespace nacre::test
