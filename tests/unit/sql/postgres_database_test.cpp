#include "sql/postgres_database.hpp"

#include "base/error.hpp"
#include "base/thread_group.hpp"
#include "support/errors.hpp"
#include "support/test_database.hpp"

#include <gtest/gtest.h>

namespace nacre::sql {
namespace {

using test::error_of;

class PostgresDatabaseTest : public testing::Test {
protected:
    PostgresDatabase open(std::size_t connections_max = 4) {
        return PostgresDatabase{
            {.url = url_,
             .connections_max = connections_max,
             .write_wait = std::chrono::milliseconds{200}}};
    }

    void make_table(Database& database) {
        const auto writing = database.begin(Access::Write);
        writing->execute("CREATE TABLE IF NOT EXISTS thing (name TEXT)");
        writing->commit();
    }

    test::PostgresServer& server_ = *test::find_postgres_server();
    const std::string url_ = test::make_postgres_url();
};

TEST_F(PostgresDatabaseTest, GivesUpWaitingForATurnAfterTheLimit) {
    PostgresDatabase one = open();
    PostgresDatabase other = open();
    const auto writing = one.begin(Access::Write);
    for (Database* database : {&one, &other}) {
        const Error error = error_of([&] { database->begin(Access::Write); });
        EXPECT_EQ(error.code(), ErrorCode::Unavailable);
        EXPECT_EQ(error.describe(), "the database is busy: no turn to write within 200 ms");
    }
    EXPECT_EQ(one.begin(Access::Read)->query("SELECT 1")[0].integer(0), 1);
}

TEST_F(PostgresDatabaseTest, LetsNobodyHaveMoreConnectionsThanTheLimit) {
    PostgresDatabase database = open(1);
    auto reading = database.begin(Access::Read);
    EXPECT_EQ(
        error_of([&] { database.begin(Access::Read); }).describe(),
        "the database is busy: all 1 connections are in use");
    reading.reset();
    EXPECT_NO_THROW(database.begin(Access::Read));
}

TEST_F(PostgresDatabaseTest, GoesOnAfterARestartOfTheServer) {
    PostgresDatabase database = open();
    make_table(database);
    auto writing = database.begin(Access::Write);
    writing->execute("INSERT INTO thing (name) VALUES ('lost')");
    auto idle = database.begin(Access::Read);
    idle.reset();
    server_.stop();
    EXPECT_EQ(error_of([&] { writing->commit(); }).code(), ErrorCode::Unavailable);
    writing.reset();
    ThreadGroup threads;
    // begin() is called while nobody answers, and waits.
    threads.start("start", [&](const std::stop_token&) { server_.start(); });
    const auto again = database.begin(Access::Write);
    EXPECT_EQ(again->query("SELECT COUNT(*) FROM thing")[0].integer(0), 0);
    again->execute("INSERT INTO thing (name) VALUES ('kept')");
    again->commit();
    threads.join();
}

TEST_F(PostgresDatabaseTest, ReadsOnWhenTheDiskIsFull) {
    PostgresDatabase database = open();
    const Error error = error_of([&] {
        database.begin(Access::Write)
            ->execute(
                "DO $$ BEGIN RAISE EXCEPTION 'could not extend file' USING ERRCODE ="
                " 'disk_full'; END $$");
    });
    EXPECT_EQ(error.code(), ErrorCode::ResourceExhausted);
    EXPECT_NE(error.describe().find("could not extend file"), std::string::npos);
    EXPECT_EQ(database.begin(Access::Read)->query("SELECT 1")[0].integer(0), 1);
}

TEST_F(PostgresDatabaseTest, ForgetsPreparedStatementsBeyondTheLimit) {
    PostgresDatabase database = open(1);
    const auto reading = database.begin(Access::Read);
    for (std::size_t i = 0; i < kStatementCacheMax + 10; ++i)
        reading->query("SELECT " + std::to_string(i));
    const auto kept = reading->query("SELECT COUNT(*) FROM pg_prepared_statements")[0].integer(0);
    EXPECT_LE(kept, static_cast<std::int64_t>(kStatementCacheMax));
}

TEST_F(PostgresDatabaseTest, FindsReferencesToMissingRows) {
    PostgresDatabase database = open();
    const auto writing = database.begin(Access::Write);
    writing->execute("CREATE TABLE box (id BIGINT PRIMARY KEY)");
    writing->execute("CREATE TABLE thing (box_id BIGINT REFERENCES box(id))");
    // What no user but the server's own may do.
    writing->execute("SET LOCAL session_replication_role = replica");
    writing->execute("INSERT INTO thing (box_id) VALUES (7)");
    writing->commit();
    EXPECT_EQ(
        database.check_integrity(),
        std::vector<std::string>{"table 'thing' refers to a missing row of 'box'"});
}

TEST_F(PostgresDatabaseTest, TellsOtherProcessesWhatWasCommitted) {
    PostgresDatabase one = open();
    PostgresDatabase other = open();
    const auto listener = other.listen();
    one.begin(Access::Write)->notify("never committed");
    const auto writing = one.begin(Access::Write);
    writing->notify("work");
    writing->savepoint("call");
    writing->notify("undone");
    writing->rollback_to("call");
    writing->notify("two words");
    writing->commit();
    std::vector<std::string> words;
    while (words.size() < 2)
        for (std::string& word : listener->wait(std::chrono::seconds{10}, {}))
            words.push_back(std::move(word));
    EXPECT_EQ(words, (std::vector<std::string>{"work", "two words"}));
}

TEST_F(PostgresDatabaseTest, LosesLocksAndListenersWithTheServer) {
    PostgresDatabase one = open();
    PostgresDatabase other = open();
    const auto lock = one.try_lock("scheduler");
    const auto listener = one.listen();
    EXPECT_EQ(other.try_lock("scheduler"), nullptr);
    server_.stop();
    EXPECT_FALSE(lock->is_held());
    EXPECT_EQ(
        error_of([&] { return listener->wait(std::chrono::seconds{10}, {}); }).code(),
        ErrorCode::Unavailable);
    server_.start();
    EXPECT_FALSE(lock->is_held());
    EXPECT_NE(other.try_lock("scheduler"), nullptr);
}

TEST_F(PostgresDatabaseTest, RefusesTextThatPostgresqlCannotHold) {
    PostgresDatabase database = open();
    for (const std::string& text : {std::string("a\0b", 3), std::string{"\xff"}})
        EXPECT_EQ(
            error_of([&] { database.begin(Access::Read)->query("SELECT ?", {text}); }).code(),
            ErrorCode::InvalidArgument);
}

TEST_F(PostgresDatabaseTest, SaysWhatIsWrongWithAnAddress) {
    EXPECT_EQ(
        error_of([] { PostgresDatabase{{.url = "postgresql://host/db?nonsense=1"}}; }).code(),
        ErrorCode::InvalidArgument);
    // The server answers: no further attempt is made.
    const Error error = error_of([&] { PostgresDatabase{{.url = server_.url("nowhere")}}; });
    EXPECT_EQ(error.code(), ErrorCode::Unavailable);
    EXPECT_NE(error.describe().find("database \"nowhere\" does not exist"), std::string::npos);
}

}  // namespace
}  // namespace nacre::sql
