#include "sql/postgres_database.hpp"

#include "base/error.hpp"
#include "base/guarded.hpp"
#include "base/pause.hpp"
#include "base/random.hpp"
#include "base/text.hpp"
#include "sql/connected_transaction.hpp"
#include "sql/postgres_connection.hpp"

#include <postgresql/libpq-fe.h>

#include <algorithm>
#include <condition_variable>
#include <vector>

namespace nacre::sql {
namespace {

/// The advisory lock that all writers of a database take: any number, as long as it is always the same.
constexpr std::string_view kTakeWritersTurn = "BEGIN; SELECT pg_advisory_xact_lock(5637061931)";
constexpr std::string_view kTakeSnapshot = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";

/// Every column that refers to one of another table.
constexpr std::string_view kForeignKeys =
    "SELECT CAST(c.conrelid::regclass AS TEXT), CAST(quote_ident(a.attname) AS TEXT),"
    " CAST(c.confrelid::regclass AS TEXT), CAST(quote_ident(b.attname) AS TEXT)"
    " FROM pg_constraint c JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = "
    "c.conkey[1]"
    " JOIN pg_attribute b ON b.attrelid = c.confrelid AND b.attnum = c.confkey[1]"
    " WHERE c.contype = 'f' AND array_length(c.conkey, 1) = 1 ORDER BY 1, 2";

std::string milliseconds(std::chrono::milliseconds time) {
    return std::to_string(time.count());
}

/// What the server is asked to hold every connection to.
std::string server_settings(const PostgresOptions& options) {
    return "-c lock_timeout=" + milliseconds(options.write_wait) + " -c statement_timeout="
           + milliseconds(kStatementTimeMax) + " -c idle_in_transaction_session_timeout="
           + milliseconds(kIdleTransactionMax) + " -c client_min_messages=error";
}

/// What an address says.
PostgresParameters parse_address(const std::string& url) {
    char* message = nullptr;
    PQconninfoOption* parsed = PQconninfoParse(url.c_str(), &message);
    if (parsed == nullptr) {
        const std::string_view cause = message == nullptr ? "out of memory" : message;
        const Error error{
            ErrorCode::InvalidArgument,
            "the address of the database is wrong: " + std::string{trim(cause)}};
        PQfreemem(message);
        throw error.with_hint("it looks like postgresql://USER@HOST/DATABASE");
    }
    PostgresParameters parameters;
    for (const PQconninfoOption* one = parsed; one->keyword != nullptr; ++one)
        if (one->val != nullptr) parameters.emplace_back(one->keyword, one->val);
    PQconninfoFree(parsed);
    return parameters;
}

/// The same, with what it does not say.
PostgresParameters parameters_of(const PostgresOptions& options) {
    PostgresParameters parameters{
        {"application_name", "nacred"},
        {"connect_timeout", std::to_string(kConnectTimeMax.count())},
        {"keepalives_idle", "30"},
        {"keepalives_interval", "10"},
        {"keepalives_count", "3"},
        {"tcp_user_timeout", "30000"},
        {"client_encoding", "UTF8"},
        {"options", server_settings(options)}};
    for (auto& [keyword, value] : parse_address(options.url)) {
        const auto known =
            std::ranges::find(parameters, keyword, &PostgresParameters::value_type::first);
        if (known == parameters.end())
            parameters.emplace_back(keyword, std::move(value));
        else if (keyword == "options")
            known->second += " " + value;
        else if (keyword != "client_encoding")
            known->second = std::move(value);
    }
    return parameters;
}

[[noreturn]] void refuse_after_commit() {
    throw Error{ErrorCode::Internal, "the transaction has ended"};
}

}  // namespace

void check_postgres_address(const std::string& url) {
    for (const auto& [keyword, value] : parse_address(url))
        if (keyword == "password")
            throw Error{ErrorCode::InvalidArgument, "the address of the database has a password"}
                .with_hint("keep it in a file of its own: postgresql://...?passfile=FILE");
}

struct PostgresDatabase::State {
    explicit State(PostgresOptions given)
        : options{std::move(given)},
          parameters{parameters_of(options)} {}

    using Connection = std::unique_ptr<PostgresConnection>;

    struct Pool {
        std::vector<Connection> idle;
        std::size_t lent = 0;
    };

    const PostgresOptions options;
    const PostgresParameters parameters;
    /// Stands before what this object tells, so that it does not hear itself.
    const std::string token = std::to_string(SystemRandom{}.next());
    Guarded<Pool> pool;
    std::condition_variable_any returned;

    /// An idle connection, or nothing when a new one may be opened. give_back() must follow either.
    Connection take() {
        auto locked = pool.lock();
        if (!locked.wait_for(returned, {}, options.write_wait, [this](const Pool& now) {
                return now.lent < options.connections_max;
            }))
            throw Error{
                ErrorCode::Unavailable,
                "the database is busy: all " + std::to_string(options.connections_max)
                    + " connections are in use"};
        ++locked->lent;
        if (locked->idle.empty()) return nullptr;
        Connection connection = std::move(locked->idle.back());
        locked->idle.pop_back();
        return connection;
    }

    void give_back(Connection connection) noexcept {
        {
            auto locked = pool.lock();
            --locked->lent;
            // There is room: no more are idle than are not lent.
            if (connection) locked->idle.push_back(std::move(connection));
        }
        returned.notify_one();
    }

    Connection open() const {
        for (int attempt = 1;; ++attempt) {
            auto refusal = PostgresConnection::Refusal::ForGood;
            try {
                return std::make_unique<PostgresConnection>(parameters, refusal);
            } catch (const Error&) {
                if (refusal == PostgresConnection::Refusal::ForGood || attempt >= kReconnectsMax)
                    throw;
            }
            pause(kReconnectPause, {});
        }
    }

    /// Runs the first statement of a transaction. Connections that broke while they were idle, as all do when the
    /// server is restarted, are replaced: nothing was begun on them.
    void begin(Connection& connection, const std::string& script) const {
        for (int attempt = 1;; ++attempt) {
            if (!connection) connection = open();
            try {
                connection->run_script(script);
                return;
            } catch (const Error&) {
                if (!connection->is_lost() || attempt >= kReconnectsMax) throw;
            }
            connection.reset();
        }
    }
};

class PostgresDatabase::Running final : public ConnectedTransaction {
public:
    Running(std::shared_ptr<State> state, Access access)
        : state_{std::move(state)},
          connection_{state_->take()} {
        try {
            begin(access);
        } catch (const Error&) {
            end();
            throw;
        }
    }

    Running(const Running&) = delete;
    Running& operator=(const Running&) = delete;

    ~Running() override { end(); }

protected:
    Rows do_query(std::string_view statement, const Parameters& parameters) override {
        return connection().query(statement, parameters);
    }

    std::int64_t do_execute(std::string_view statement, const Parameters& parameters) override {
        return connection().execute(statement, parameters);
    }

    void do_script(const std::string& script) override { connection().run_script(script); }

    void do_notify(std::string_view word) override {
        connection().query(
            "SELECT pg_notify('nacre', ?)", {state_->token + " " + std::string{word}});
    }

    void do_commit() override {
        connection().commit();
        end();
    }

private:
    void begin(Access access) {
        if (access == Access::Read) {
            state_->begin(connection_, std::string{kTakeSnapshot});
            return;
        }
        try {
            state_->begin(connection_, std::string{kTakeWritersTurn});
        } catch (const Error& error) {
            if (error.code() != ErrorCode::Unavailable || !connection_ || connection_->is_lost())
                throw;
            throw Error{
                ErrorCode::Unavailable,
                "the database is busy: no turn to write within "
                    + milliseconds(state_->options.write_wait) + " ms"};
        }
    }

    PostgresConnection& connection() {
        if (ended_) refuse_after_commit();
        return *connection_;
    }

    void end() noexcept {
        if (ended_) return;
        ended_ = true;
        if (connection_ && !connection_->try_rollback()) connection_.reset();
        state_->give_back(std::move(connection_));
    }

    std::shared_ptr<State> state_;
    std::unique_ptr<PostgresConnection> connection_;
    bool ended_ = false;
};

/// Has a connection of its own, which is nobody else's turn to wait for.
class PostgresDatabase::Listening final : public Listener {
public:
    explicit Listening(const std::shared_ptr<State>& state)
        : prefix_{state->token + " "},
          connection_{state->open()} {
        connection_->run_script("LISTEN nacre");
    }

    std::vector<std::string> wait(
        std::chrono::milliseconds limit, const std::stop_token& stop) override {
        std::vector<std::string> words;
        for (const std::string& word : connection_->wait_for_words(limit, stop))
            if (!word.starts_with(prefix_)) words.push_back(word.substr(word.find(' ') + 1));
        return words;
    }

private:
    std::string prefix_;
    std::unique_ptr<PostgresConnection> connection_;
};

class PostgresDatabase::Locked final : public Lock {
public:
    Locked(std::shared_ptr<State> state, std::string_view name)
        : state_{std::move(state)},
          name_{name},
          connection_{state_->take()} {}

    Locked(const Locked&) = delete;
    Locked& operator=(const Locked&) = delete;

    ~Locked() override {
        if (connection_ && held_) unlock();
        if (connection_ && connection_->is_lost()) connection_.reset();
        state_->give_back(std::move(connection_));
    }

    bool try_take() {
        state_->begin(connection_, "SELECT 1");
        held_ = connection_->query("SELECT pg_try_advisory_lock(5637, hashtext(?))", {name_})[0]
                    .integer(0)
                != 0;
        return held_;
    }

    bool is_held() override {
        try {
            connection_->run_script("SELECT 1");
        } catch (const Error&) {
            held_ = false;
        }
        return held_;
    }

private:
    void unlock() noexcept {
        try {
            connection_->query("SELECT pg_advisory_unlock(5637, hashtext(?))", {name_});
        } catch (const std::exception&) {
            connection_.reset();
        }
    }

    std::shared_ptr<State> state_;
    std::string name_;
    std::unique_ptr<PostgresConnection> connection_;
    bool held_ = false;
};

PostgresDatabase::PostgresDatabase(PostgresOptions options)
    : state_{std::make_shared<State>(std::move(options))} {
    begin(Access::Read);
}

PostgresDatabase::~PostgresDatabase() = default;

std::unique_ptr<Transaction> PostgresDatabase::begin(Access access) {
    return std::make_unique<Running>(state_, access);
}

std::unique_ptr<Listener> PostgresDatabase::listen() {
    return std::make_unique<Listening>(state_);
}

std::unique_ptr<Lock> PostgresDatabase::try_lock(std::string_view name) {
    auto lock = std::make_unique<Locked>(state_, name);
    if (!lock->try_take()) return nullptr;
    return lock;
}

std::vector<std::string> PostgresDatabase::check_integrity() {
    const auto reading = begin(Access::Read);
    std::vector<std::string> findings;
    for (const Row& row : reading->query(kForeignKeys)) {
        const std::string table = row.text(0);
        const std::string other = row.text(2);
        const Rows missing = reading->query(
            "SELECT COUNT(*) FROM " + table + " x WHERE x." + row.text(1)
            + " IS NOT NULL AND NOT EXISTS (SELECT 1 FROM " + other + " y WHERE y." + row.text(3)
            + " = x." + row.text(1) + ")");
        if (missing[0].integer(0) > 0)
            findings.push_back("table '" + table + "' refers to a missing row of '" + other + "'");
    }
    return findings;
}

}  // namespace nacre::sql
