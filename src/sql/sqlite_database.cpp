#include "sql/sqlite_database.hpp"

#include "base/error.hpp"
#include "base/guarded.hpp"
#include "sql/connected_transaction.hpp"
#include "sql/sqlite_connection.hpp"

#include <stdlib.h>

#include <condition_variable>
#include <deque>
#include <set>
#include <system_error>

namespace nacre::sql {
namespace {

/// The turns of writers, first come first served. SQLite's own busy handler polls and knows no order.
class WriterQueue {
public:
    /// False when the turn did not come in time.
    bool wait_turn(std::chrono::milliseconds limit) {
        auto turns = turns_.lock();
        const std::uint64_t mine = turns->next++;
        turns->waiting.push_back(mine);
        const bool came = turns.wait_for(changed_, {}, limit, [mine](const Turns& t) {
            return !t.taken && t.waiting.front() == mine;
        });
        std::erase(turns->waiting, mine);
        if (came) turns->taken = true;
        // Whoever gives up may have been the one that all others waited behind.
        if (!came) changed_.notify_all();
        return came;
    }

    void end_turn() noexcept {
        turns_.lock()->taken = false;
        changed_.notify_all();
    }

private:
    struct Turns {
        std::uint64_t next = 0;
        bool taken = false;
        std::deque<std::uint64_t> waiting;
    };

    Guarded<Turns> turns_;
    std::condition_variable_any changed_;
};

std::filesystem::path make_temporary_folder() {
    std::string name = (std::filesystem::temp_directory_path() / "nacre-sqlite-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr)
        throw SystemError{errno, "cannot create temporary folder '" + name + "'"};
    return name;
}

}  // namespace

struct SqliteDatabase::State {
    std::filesystem::path file;
    SqliteOptions options;
    bool temporary = false;
    WriterQueue turns;
    std::unique_ptr<SqliteConnection> writer;  ///< belongs to whoever has the turn
    Guarded<std::vector<std::unique_ptr<SqliteConnection>>> readers;
    Guarded<std::set<std::string, std::less<>>> locks;

    ~State() {
        writer.reset();
        readers.lock()->clear();
        if (!temporary) return;
        std::error_code ignored;
        std::filesystem::remove_all(file.parent_path(), ignored);
    }

    std::unique_ptr<SqliteConnection> open(Access access) const {
        return std::make_unique<SqliteConnection>(
            file,
            SqliteConnection::Options{
                .access = access, .synced = !temporary, .busy_wait = options.write_wait});
    }

    std::unique_ptr<SqliteConnection> take_reader() {
        {
            auto idle = readers.lock();
            if (!idle->empty()) {
                auto reader = std::move(idle->back());
                idle->pop_back();
                return reader;
            }
        }
        return open(Access::Read);
    }

    void give_back_reader(std::unique_ptr<SqliteConnection> reader) noexcept {
        auto idle = readers.lock();
        if (idle->size() < kIdleReadersMax) idle->push_back(std::move(reader));
    }
};

namespace {

/// What both kinds of transactions do with their connection.
class SqliteTransaction : public ConnectedTransaction {
protected:
    virtual SqliteConnection& connection() = 0;

    Rows do_query(std::string_view statement, const Parameters& parameters) override {
        return connection().query(statement, parameters);
    }

    std::int64_t do_execute(std::string_view statement, const Parameters& parameters) override {
        return connection().execute(statement, parameters);
    }

    void do_script(const std::string& script) override { connection().run_script(script); }

    void do_notify(std::string_view /*word*/) override {}
};

/// Nobody is there who could say anything.
class Silence final : public Listener {
public:
    std::vector<std::string> wait(
        std::chrono::milliseconds limit, const std::stop_token& stop) override {
        auto never = never_.lock();
        never.wait_for(changed_, stop, limit, [](bool) { return false; });
        return {};
    }

private:
    Guarded<bool> never_{false};
    std::condition_variable_any changed_;
};

[[noreturn]] void refuse_after_commit() {
    throw Error{ErrorCode::Internal, "the transaction has ended"};
}

}  // namespace

class SqliteDatabase::Writing final : public SqliteTransaction {
public:
    explicit Writing(std::shared_ptr<State> state) : state_{std::move(state)} {
        if (!state_->turns.wait_turn(state_->options.write_wait))
            throw Error{
                ErrorCode::Unavailable,
                "the database is busy: no turn to write within "
                    + std::to_string(state_->options.write_wait.count()) + " ms"};
        try {
            if (!state_->writer) state_->writer = state_->open(Access::Write);
            state_->writer->run_script("BEGIN IMMEDIATE");
        } catch (const Error&) {
            state_->turns.end_turn();
            throw;
        }
    }

    ~Writing() override { end(); }

protected:
    void do_commit() override {
        connection().run_script("COMMIT");
        end();
    }

    SqliteConnection& connection() override {
        if (ended_) refuse_after_commit();
        return *state_->writer;
    }

private:
    void end() noexcept {
        if (ended_) return;
        ended_ = true;
        if (!state_->writer->try_rollback()) state_->writer.reset();
        state_->turns.end_turn();
    }

    std::shared_ptr<State> state_;
    bool ended_ = false;
};

class SqliteDatabase::Reading final : public SqliteTransaction {
public:
    explicit Reading(std::shared_ptr<State> state)
        : state_{std::move(state)},
          reader_{state_->take_reader()} {
        reader_->run_script("BEGIN");
    }

    ~Reading() override { end(); }

protected:
    void do_commit() override {
        connection();
        end();
    }

    SqliteConnection& connection() override {
        if (!reader_) refuse_after_commit();
        return *reader_;
    }

private:
    void end() noexcept {
        if (reader_ && reader_->try_rollback()) state_->give_back_reader(std::move(reader_));
        reader_.reset();
    }

    std::shared_ptr<State> state_;
    std::unique_ptr<SqliteConnection> reader_;
};

SqliteDatabase::SqliteDatabase(
    const std::filesystem::path& file, SqliteOptions options, bool temporary)
    : state_{std::make_shared<State>()} {
    state_->file = file;
    state_->options = options;
    state_->temporary = temporary;
    state_->writer = state_->open(Access::Write);
}

SqliteDatabase::SqliteDatabase(const std::filesystem::path& file, SqliteOptions options)
    : SqliteDatabase{file, options, false} {}

std::unique_ptr<SqliteDatabase> SqliteDatabase::temporary(SqliteOptions options) {
    return std::unique_ptr<SqliteDatabase>{
        new SqliteDatabase{make_temporary_folder() / "db.sqlite", options, true}};
}

SqliteDatabase::~SqliteDatabase() = default;

std::unique_ptr<Transaction> SqliteDatabase::begin(Access access) {
    if (access == Access::Write) return std::make_unique<Writing>(state_);
    return std::make_unique<Reading>(state_);
}

class SqliteDatabase::Locked final : public Lock {
public:
    Locked(std::shared_ptr<State> state, std::string name)
        : state_{std::move(state)},
          name_{std::move(name)} {}

    Locked(const Locked&) = delete;
    Locked& operator=(const Locked&) = delete;

    ~Locked() override { state_->locks.lock()->erase(name_); }

    bool is_held() override { return true; }

private:
    std::shared_ptr<State> state_;
    std::string name_;
};

std::unique_ptr<Listener> SqliteDatabase::listen() {
    return std::make_unique<Silence>();
}

std::unique_ptr<Lock> SqliteDatabase::try_lock(std::string_view name) {
    if (!state_->locks.lock()->emplace(name).second) return nullptr;
    return std::make_unique<Locked>(state_, std::string{name});
}

std::vector<std::string> SqliteDatabase::check_integrity() {
    const auto reading = begin(Access::Read);
    std::vector<std::string> findings;
    for (const Row& row : reading->query("PRAGMA integrity_check"))
        if (row.text(0) != "ok") findings.push_back(row.text(0));
    for (const Row& row : reading->query("PRAGMA foreign_key_check"))
        findings.push_back(
            "table '" + row.text(0) + "' refers to a missing row of '" + row.text(2) + "'");
    return findings;
}

}  // namespace nacre::sql
