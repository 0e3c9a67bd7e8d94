#include "contract/database_contract.hpp"

#include "base/error.hpp"
#include "base/thread_group.hpp"
#include "sql/faulty_database.hpp"
#include "sql/sqlite_database.hpp"
#include "support/temp_dir.hpp"
#include "support/test_database.hpp"

#include <atomic>

namespace nacre::test {
namespace {

using sql::Access;

ErrorCode code_of(const std::function<void()>& body) {
    try {
        body();
    } catch (const Error& error) {
        return error.code();
    }
    ADD_FAILURE() << "expected an Error";
    return ErrorCode::Internal;
}

TEST_P(DatabaseContract, KeepsWhatWasCommitted) {
    {
        const auto writing = database_.begin(Access::Write);
        const std::int64_t id =
            writing->insert("INSERT INTO thing (name, weight) VALUES (?, ?)", {"a'b", 1.5});
        EXPECT_GT(id, 0);
        EXPECT_EQ(
            writing->insert("INSERT INTO thing (name, weight) VALUES (?, ?)", {nullptr, nullptr}),
            id + 1);
        writing->commit();
    }
    const auto reading = database_.begin(Access::Read);
    const sql::Rows rows = reading->query("SELECT name, weight, id FROM thing ORDER BY id");
    ASSERT_EQ(rows.size(), 2U);
    EXPECT_EQ(rows[0].text(0), "a'b");
    EXPECT_DOUBLE_EQ(rows[0].real(1), 1.5);
    EXPECT_TRUE(rows[1].is_null(0));
    EXPECT_EQ(rows[1].find_text(0), std::nullopt);
    EXPECT_EQ(rows[1].find_real(1), std::nullopt);
}

TEST_P(DatabaseContract, KeepsTextOfAnyCharacters) {
    const std::string text = "line\nzwei \xC3\xA4 \xF0\x9F\x90\x9A ' \" ? %";
    const auto writing = database_.begin(Access::Write);
    writing->execute("INSERT INTO thing (name) VALUES (?)", {text});
    EXPECT_EQ(writing->query("SELECT name FROM thing WHERE name = ?", {text}).at(0).text(0), text);
}

TEST_P(DatabaseContract, ForgetsWhatWasNotCommitted) {
    database_.begin(Access::Write)->execute("INSERT INTO thing (name) VALUES ('x')");
    EXPECT_EQ(count(), 0);
}

TEST_P(DatabaseContract, TellsHowManyRowsChanged) {
    const auto writing = database_.begin(Access::Write);
    EXPECT_EQ(writing->execute("INSERT INTO thing (name) VALUES ('x'), ('y')"), 2);
    EXPECT_EQ(writing->execute("UPDATE thing SET weight = 1 WHERE name = 'none'"), 0);
    EXPECT_EQ(writing->execute("DELETE FROM thing"), 2);
}

TEST_P(DatabaseContract, UndoesASavepointAlone) {
    const auto writing = database_.begin(Access::Write);
    writing->execute("INSERT INTO thing (name) VALUES ('kept')");
    writing->savepoint("call_1");
    writing->execute("INSERT INTO thing (name) VALUES ('undone')");
    writing->rollback_to("call_1");
    writing->release("call_1");
    writing->savepoint("call_2");
    writing->execute("INSERT INTO thing (name) VALUES ('kept too')");
    writing->release("call_2");
    writing->commit();
    EXPECT_EQ(count(), 2);
}

TEST_P(DatabaseContract, GoesOnAfterAViolatedConstraintInASavepoint) {
    const auto writing = database_.begin(Access::Write);
    writing->execute("INSERT INTO thing (name) VALUES ('x')");
    writing->savepoint("call");
    EXPECT_EQ(
        code_of([&] { writing->execute("INSERT INTO thing (name) VALUES ('x')"); }),
        ErrorCode::Conflict);
    writing->rollback_to("call");
    writing->release("call");
    writing->commit();
    EXPECT_EQ(count(), 1);
}

TEST_P(DatabaseContract, AcceptsNothingButAnUndoAfterAFailedStatement) {
    {
        const auto writing = database_.begin(Access::Write);
        writing->execute("INSERT INTO thing (name) VALUES ('x')");
        EXPECT_EQ(
            code_of([&] { writing->execute("INSERT INTO thing (name) VALUES ('x')"); }),
            ErrorCode::Conflict);
        EXPECT_EQ(code_of([&] { count(*writing); }), ErrorCode::Internal);
        EXPECT_EQ(code_of([&] { writing->savepoint("call"); }), ErrorCode::Internal);
        EXPECT_EQ(code_of([&] { writing->commit(); }), ErrorCode::Internal);
    }
    EXPECT_EQ(count(), 0);
}

TEST_P(DatabaseContract, SeesWhatWasCommittedWhileItWaitedForItsTurn) {
    auto first = database_.begin(Access::Write);
    std::atomic<std::int64_t> seen{-1};
    ThreadGroup threads;
    threads.start("writer", [&](const std::stop_token&) {
        const auto second = database_.begin(Access::Write);
        seen = count(*second);
    });
    first->execute("INSERT INTO thing (name) VALUES ('x')");
    first->commit();
    threads.join();
    EXPECT_EQ(seen, 1);
}

TEST_P(DatabaseContract, AddsWholeNumbersToAWholeNumber) {
    const auto writing = database_.begin(Access::Write);
    const std::int64_t large = INT64_C(1) << 40U;
    for (int i = 0; i < 2; ++i) {
        const std::int64_t thing = writing->insert("INSERT INTO thing (name) VALUES (NULL)");
        writing->execute("INSERT INTO part (id, thing_id) VALUES (?, ?)", {large + i, thing});
    }
    const sql::Rows sums = writing->query("SELECT SUM(id), COUNT(*), MAX(id) FROM part");
    EXPECT_EQ(sums[0].integer(0), 2 * large + 1);
    EXPECT_EQ(sums[0].integer(1), 2);
    EXPECT_EQ(sums[0].integer(2), large + 1);
}

TEST_P(DatabaseContract, FindsNothingWrongWhereNothingIs) {
    const auto writing = database_.begin(Access::Write);
    const std::int64_t thing = writing->insert("INSERT INTO thing (name) VALUES ('x')");
    writing->execute("INSERT INTO part (thing_id) VALUES (?)", {thing});
    writing->commit();
    EXPECT_TRUE(database_.check_integrity().empty());
}

TEST_P(DatabaseContract, LetsOneAtATimeHaveALock) {
    auto lock = database_.try_lock("scheduler");
    ASSERT_NE(lock, nullptr);
    EXPECT_TRUE(lock->is_held());
    EXPECT_EQ(database_.try_lock("scheduler"), nullptr);
    EXPECT_NE(database_.try_lock("another"), nullptr);
    lock.reset();
    EXPECT_NE(database_.try_lock("scheduler"), nullptr);
}

TEST_P(DatabaseContract, HearsNothingOfItself) {
    const auto listener = database_.listen();
    const auto writing = database_.begin(Access::Write);
    writing->notify("work");
    writing->commit();
    const auto next = listener->wait(std::chrono::milliseconds{0}, {});
    EXPECT_TRUE(next.empty());
}

TEST_P(DatabaseContract, TellsNoWordsWithoutLimit) {
    const auto writing = database_.begin(Access::Write);
    EXPECT_EQ(
        code_of([&] { writing->notify(std::string(sql::kWordBytesMax + 1, 'x')); }),
        ErrorCode::Internal);
}

TEST_P(DatabaseContract, EndsAWaitForWordsWithTheStop) {
    const auto listener = database_.listen();
    std::stop_source stop;
    stop.request_stop();
    EXPECT_TRUE(listener->wait(std::chrono::hours{1}, stop.get_token()).empty());
}

TEST_P(DatabaseContract, TakesQuestionMarksInTextsForText) {
    const auto reading = database_.begin(Access::Read);
    const sql::Rows rows = reading->query("SELECT COUNT(*), '?' FROM thing WHERE name = ?", {"'?"});
    EXPECT_EQ(rows[0].text(1), "?");
}

TEST_P(DatabaseContract, RefusesARowWhoseForeignKeyLeadsNowhere) {
    EXPECT_EQ(
        code_of([&] {
            const auto writing = database_.begin(Access::Write);
            writing->execute("INSERT INTO part (thing_id) VALUES (99)");
            writing->commit();
        }),
        ErrorCode::Conflict);
}

TEST_P(DatabaseContract, CallsAWrongStatementInternal) {
    const auto writing = database_.begin(Access::Write);
    EXPECT_EQ(code_of([&] { writing->query("SELEKT 1"); }), ErrorCode::Internal);
}

TEST_P(DatabaseContract, CallsAWrongNumberOfParametersInternal) {
    const auto writing = database_.begin(Access::Write);
    EXPECT_EQ(
        code_of([&] { writing->query("SELECT * FROM thing WHERE id = ?"); }), ErrorCode::Internal);
}

TEST_P(DatabaseContract, RefusesWritesToReaders) {
    const auto reading = database_.begin(Access::Read);
    EXPECT_EQ(
        code_of([&] { reading->execute("INSERT INTO thing (name) VALUES ('x')"); }),
        ErrorCode::Internal);
}

TEST_P(DatabaseContract, ShowsReadersASnapshotWhileOthersWrite) {
    const auto reading = database_.begin(Access::Read);
    EXPECT_EQ(count(*reading), 0);
    const auto writing = database_.begin(Access::Write);
    writing->execute("INSERT INTO thing (name) VALUES ('x')");
    EXPECT_EQ(count(*writing), 1);
    EXPECT_EQ(count(*reading), 0);
    writing->commit();
    EXPECT_EQ(count(*reading), 0);
    EXPECT_EQ(count(), 1);
}

TEST_P(DatabaseContract, EndsWithTheCommit) {
    const auto writing = database_.begin(Access::Write);
    writing->commit();
    EXPECT_EQ(code_of([&] { writing->query("SELECT 1"); }), ErrorCode::Internal);
    const auto next = database_.begin(Access::Write);
    EXPECT_EQ(count(*next), 0);
}

TEST_P(DatabaseContract, LosesNoUpdateOfManyWriters) {
    constexpr int kWriters = 4;
    constexpr int kRounds = 25;
    {
        const auto writing = database_.begin(Access::Write);
        writing->execute("INSERT INTO thing (name, weight) VALUES ('n', 0)");
        writing->commit();
    }
    std::atomic<int> failures{0};
    ThreadGroup threads;
    for (int writer = 0; writer < kWriters; ++writer)
        threads.start("writer", [&](const std::stop_token&) {
            for (int round = 0; round < kRounds; ++round) {
                try {
                    const auto writing = database_.begin(Access::Write);
                    const double now = writing->query("SELECT weight FROM thing")[0].real(0);
                    writing->execute("UPDATE thing SET weight = ?", {now + 1});
                    writing->commit();
                } catch (const Error&) {
                    ++failures;
                }
            }
        });
    threads.join();
    EXPECT_EQ(failures, 0);
    const auto reading = database_.begin(Access::Read);
    EXPECT_DOUBLE_EQ(reading->query("SELECT weight FROM thing")[0].real(0), kWriters * kRounds);
}

DatabaseUnderTest make_file() {
    struct Keeper {
        TempDir folder;
        sql::SqliteDatabase database{folder.path() / "db.sqlite"};
    };

    auto keeper = std::make_shared<Keeper>();
    return {keeper, &keeper->database};
}

DatabaseUnderTest make_chosen() {
    const std::shared_ptr<sql::Database> database = make_database();
    return {database, database.get()};
}

DatabaseUnderTest make_faulty() {
    struct Keeper {
        std::shared_ptr<sql::Database> next = make_database();
        sql::FaultyDatabase database{*next};
    };

    auto keeper = std::make_shared<Keeper>();
    return {keeper, &keeper->database};
}

INSTANTIATE_TEST_SUITE_P(
    All,
    DatabaseContract,
    testing::Values(
        DatabaseKind{"SqliteFile", make_file},
        DatabaseKind{"Chosen", make_chosen},
        DatabaseKind{"FaultyThatNeverFails", make_faulty}),
    [](const auto& kind) { return kind.param.name; });

}  // namespace
}  // namespace nacre::test
