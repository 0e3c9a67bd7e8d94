#pragma once

#include "sql/database.hpp"

#include <chrono>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace nacre::sql {

/// Reader connections that are kept open between transactions.
inline constexpr std::size_t kIdleReadersMax = 16;

struct SqliteOptions {
    std::chrono::milliseconds write_wait = kWriteWaitMax;
};

/// SQLite in WAL mode. One writer at a time, in the order of asking; readers see snapshots and wait for nobody.
/// commit() returns when the write-ahead log is synced (synchronous=FULL): what was committed survives a power
/// cut, at the price of one fdatasync for a commit.
class SqliteDatabase final : public Database {
public:
    explicit SqliteDatabase(const std::filesystem::path& file, SqliteOptions options = {});
    /// For tests: in a folder of its own below the system's temporary folder, never synced, gone with the object.
    /// (SQLite's own in-memory databases have no write-ahead log: their readers would block the writer.)
    static std::unique_ptr<SqliteDatabase> temporary(SqliteOptions options = {});
    ~SqliteDatabase() override;

    std::unique_ptr<Transaction> begin(Access access) override;

    std::string_view dialect() const noexcept override { return "sqlite"; }

    /// Hears nothing: no other process has the file open.
    std::unique_ptr<Listener> listen() override;
    /// Among the users of this object: no other process has the file open.
    std::unique_ptr<Lock> try_lock(std::string_view name) override;
    std::vector<std::string> check_integrity() override;

private:
    struct State;
    class Writing;
    class Reading;
    class Locked;

    SqliteDatabase(const std::filesystem::path& file, SqliteOptions options, bool temporary);

    std::shared_ptr<State> state_;
};

}  // namespace nacre::sql
