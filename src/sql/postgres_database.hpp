#pragma once

#include "sql/database.hpp"

#include <chrono>
#include <memory>
#include <string>

namespace nacre::sql {

/// Connections of one PostgresDatabase, without those of Listeners; to be compared with the server's max_connections.
inline constexpr std::size_t kConnectionsMax = 24;
/// How long a new connection may take.
inline constexpr std::chrono::seconds kConnectTimeMax{10};
/// A server that starts, stops or does not answer is asked again after this pause ...
inline constexpr std::chrono::milliseconds kReconnectPause{200};
/// ... and this often, so that a restart is a pause for callers and not a failure.
inline constexpr int kReconnectsMax = 50;
/// The longest statement; steps of the schema are statements, too.
inline constexpr std::chrono::seconds kStatementTimeMax{300};
/// A transaction that does nothing for so long loses its connection, and with it the writers' turn.
inline constexpr std::chrono::seconds kIdleTransactionMax{60};

/// Throws Error{InvalidArgument} for what is no address, and for one that has a password in it: addresses are shown.
void check_postgres_address(const std::string& url);

struct PostgresOptions {
    std::string url;  ///< postgresql://..., or libpq's "keyword=value ..."
    std::size_t connections_max = kConnectionsMax;
    std::chrono::milliseconds write_wait = kWriteWaitMax;
};

/// A PostgreSQL database. Several processes may use it, and writers of all of them take turns, in the order of asking:
/// a Write transaction holds one advisory lock to its end, and its statements see all that was committed before
/// (docs/adr/0008). Readers see snapshots (REPEATABLE READ, READ ONLY) and wait for nobody.
///
/// Connections are opened when they are needed and kept. When the server was restarted, begin() waits until it is back
/// (kReconnectPause, kReconnectsMax); a transaction that was under way throws Error{Unavailable}, a commit() among them:
/// whether it was applied is to be read from the database.
///
/// libpq's own defaults count for what the address does not name, the file of passwords among them.
class PostgresDatabase final : public Database {
public:
    /// Connects once. Throws Error{InvalidArgument} for a wrong address, Error{Unavailable} when the server cannot be reached or
    /// refuses.
    explicit PostgresDatabase(PostgresOptions options);
    ~PostgresDatabase() override;

    std::unique_ptr<Transaction> begin(Access access) override;

    std::unique_ptr<Listener> listen() override;
    std::unique_ptr<Lock> try_lock(std::string_view name) override;
    std::vector<std::string> check_integrity() override;

    std::string_view dialect() const noexcept override { return "postgresql"; }

private:
    struct State;
    class Running;
    class Listening;
    class Locked;

    std::shared_ptr<State> state_;
};

}  // namespace nacre::sql
