#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace nacre::sql {

/// How long a Write transaction waits for its turn before Error{Unavailable}.
inline constexpr std::chrono::milliseconds kWriteWaitMax{10'000};
/// Prepared statements that a connection keeps.
inline constexpr std::size_t kStatementCacheMax = 256;

/// A value in a statement or a row: NULL, integer, real, text.
using Value = std::variant<std::nullptr_t, std::int64_t, double, std::string>;
using Parameters = std::vector<Value>;

/// One row of a result. Columns are counted from 0. The getters throw Error{Internal} for NULL or another type,
/// with the column's name.
class Row {
public:
    Row(std::shared_ptr<const std::vector<std::string>> names, std::vector<Value> values);

    bool is_null(std::size_t column) const;
    std::int64_t integer(std::size_t column) const;
    double real(std::size_t column) const;  ///< accepts an integer
    const std::string& text(std::size_t column) const;
    std::optional<std::int64_t> find_integer(std::size_t column) const;
    std::optional<double> find_real(std::size_t column) const;
    std::optional<std::string> find_text(std::size_t column) const;

    std::size_t size() const noexcept { return values_.size(); }

private:
    std::shared_ptr<const std::vector<std::string>> names_;
    std::vector<Value> values_;
};

using Rows = std::vector<Row>;

/// A transaction: every statement runs in one. Rolled back by the destructor unless commit() was called.
/// Confined to one thread. Parameters are written '?' in the statement, whatever the database. After a statement has
/// failed, nothing but rollback_to() and the destructor is accepted.
class Transaction {
public:
    virtual ~Transaction() = default;

    /// Throws Error{Conflict} for a violated constraint, Error{ResourceExhausted} for a full disk,
    /// Error{Unavailable} when the database is busy or gone, Error{Internal} for a wrong statement. Text is UTF-8 without
    /// NUL: PostgreSQL refuses other with Error{InvalidArgument}.
    virtual Rows query(std::string_view statement, const Parameters& parameters = {}) = 0;
    /// The number of rows changed.
    virtual std::int64_t execute(std::string_view statement, const Parameters& parameters = {}) = 0;
    /// Runs an INSERT and returns the id of the new row, whose key column is named `id`.
    virtual std::int64_t insert(std::string_view statement, const Parameters& parameters = {}) = 0;

    /// Everything after it can be undone alone: a call inside Koji's multiCall.
    virtual void savepoint(std::string_view name) = 0;
    virtual void rollback_to(std::string_view name) = 0;
    virtual void release(std::string_view name) = 0;

    /// Tells the Listeners of other processes `word` (at most kWordBytesMax bytes) when this is committed.
    virtual void notify(std::string_view word) = 0;

    /// Durable when it returns. After Error{Unavailable} it is not known whether it was applied.
    virtual void commit() = 0;
};

inline constexpr std::size_t kWordBytesMax = 1000;

/// What other processes over the same database tell by Transaction::notify(). Confined to one thread.
class Listener {
public:
    virtual ~Listener() = default;

    /// What came since the last call, in the order of the commits; waits for the first one at most `limit`. Nothing
    /// after that time or a stop. Throws Error{Unavailable} when the database went: what was told since may be lost,
    /// and another Listener is needed.
    virtual std::vector<std::string> wait(
        std::chrono::milliseconds limit, const std::stop_token& stop) = 0;
};

/// A named lock which one at a time has among all that use the database, in whatever process. Released by the
/// destructor, and by the database when the process dies. Confined to one thread.
class Lock {
public:
    virtual ~Lock() = default;

    /// False from the time on when the database lost it, by a restart for one.
    virtual bool is_held() = 0;
};

enum class Access : std::uint8_t { Read, Write };

/// Thread-safe; each transaction has a connection of its own. Every implementation passes
/// tests/contract/database_contract.cpp.
class Database {
public:
    virtual ~Database() = default;

    /// A Write transaction waits for its turn (at most a few seconds, then Error{Unavailable}); a Read one sees a
    /// snapshot, taken by its first statement, and is refused writes with Error{Internal}.
    virtual std::unique_ptr<Transaction> begin(Access access) = 0;

    virtual std::unique_ptr<Listener> listen() = 0;
    /// Nothing when somebody else has it. The Lock keeps a connection.
    virtual std::unique_ptr<Lock> try_lock(std::string_view name) = 0;

    /// What is wrong inside: damage that the database finds, and references to missing rows. Empty: nothing. Reads
    /// everything.
    virtual std::vector<std::string> check_integrity() = 0;

    /// "sqlite" or "postgresql": for the choice of a schema file, not of behaviour.
    virtual std::string_view dialect() const noexcept = 0;
};

}  // namespace nacre::sql
