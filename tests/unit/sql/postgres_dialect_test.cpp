#include "sql/postgres_dialect.hpp"

#include <gtest/gtest.h>

namespace nacre::sql {
namespace {

TEST(PostgresDialect, NumbersParametersInTheirOrder) {
    const NumberedStatement numbered =
        number_parameters("INSERT INTO t (a, b) VALUES (?, ?) RETURNING id");
    EXPECT_EQ(numbered.text, "INSERT INTO t (a, b) VALUES ($1, $2) RETURNING id");
    EXPECT_EQ(numbered.parameters, 2U);
}

TEST(PostgresDialect, LeavesQuotesAndCommentsAsTheyAre) {
    const NumberedStatement numbered =
        number_parameters("SELECT '?', 'it''s ?', \"a?\" -- why?\nWHERE x LIKE ? ESCAPE '\\'");
    EXPECT_EQ(numbered.text, "SELECT '?', 'it''s ?', \"a?\" -- why?\nWHERE x LIKE $1 ESCAPE '\\'");
    EXPECT_EQ(numbered.parameters, 1U);
}

TEST(PostgresDialect, StopsAtTheEndOfWhatIsLeftOpen) {
    EXPECT_EQ(number_parameters("SELECT '?").text, "SELECT '?");
    EXPECT_EQ(number_parameters("SELECT 1 -- ?").text, "SELECT 1 -- ?");
    EXPECT_EQ(number_parameters("").text, "");
}

TEST(PostgresDialect, TellsByTheStateWhatACallerCanDo) {
    struct {
        const char* state;
        ErrorCode code;
    } const cases[] = {
        {"23505", ErrorCode::Conflict},           // unique_violation
        {"23503", ErrorCode::Conflict},           // foreign_key_violation
        {"53100", ErrorCode::ResourceExhausted},  // disk_full
        {"53200", ErrorCode::ResourceExhausted},  // out_of_memory
        {"53300", ErrorCode::Unavailable},        // too_many_connections
        {"54000", ErrorCode::ResourceExhausted},  // program_limit_exceeded
        {"57P01", ErrorCode::Unavailable},        // admin_shutdown
        {"57P03", ErrorCode::Unavailable},        // cannot_connect_now
        {"57014", ErrorCode::Unavailable},        // query_canceled
        {"08006", ErrorCode::Unavailable},        // connection_failure
        {"40001", ErrorCode::Unavailable},        // serialization_failure
        {"40P01", ErrorCode::Unavailable},        // deadlock_detected
        {"55P03", ErrorCode::Unavailable},        // lock_not_available
        {"25P03", ErrorCode::Unavailable},        // idle_in_transaction_session_timeout
        {"58030", ErrorCode::Unavailable},        // io_error
        {"XX001", ErrorCode::DataCorrupt},        // data_corrupted
        {"22021", ErrorCode::InvalidArgument},    // character_not_in_repertoire
        {"22003", ErrorCode::InvalidArgument},    // numeric_value_out_of_range
        {"25006", ErrorCode::Internal},           // read_only_sql_transaction
        {"42601", ErrorCode::Internal},           // syntax_error
        {"22012", ErrorCode::Internal},           // division_by_zero
        {"", ErrorCode::Internal},
    };

    for (const auto& one : cases)
        EXPECT_EQ(code_of_sqlstate(one.state), one.code) << one.state;
}

}  // namespace
}  // namespace nacre::sql
