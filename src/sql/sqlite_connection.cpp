#include "sql/sqlite_connection.hpp"

#include "base/error.hpp"
#include "base/text.hpp"
#include "sql/sqlite_database.hpp"

#include <sqlite3.h>

#include <limits>

namespace nacre::sql {
namespace {

constexpr std::size_t kShownStatementMax = 120;

ErrorCode code_of(int result) noexcept {
    switch (result & 0xff) {
        case SQLITE_CONSTRAINT:
            return ErrorCode::Conflict;
        case SQLITE_FULL:
        case SQLITE_NOMEM:
        case SQLITE_TOOBIG:
            return ErrorCode::ResourceExhausted;
        case SQLITE_BUSY:
        case SQLITE_LOCKED:
        case SQLITE_CANTOPEN:
        case SQLITE_IOERR:
            return ErrorCode::Unavailable;
        case SQLITE_CORRUPT:
        case SQLITE_NOTADB:
            return ErrorCode::DataCorrupt;
        default:
            return ErrorCode::Internal;
    }
}

void bind(sqlite3_stmt* statement, int index, const Value& value) {
    if (const auto* integer = std::get_if<std::int64_t>(&value)) {
        sqlite3_bind_int64(statement, index, *integer);
    } else if (const auto* real = std::get_if<double>(&value)) {
        sqlite3_bind_double(statement, index, *real);
    } else if (const auto* text = std::get_if<std::string>(&value)) {
        // The parameters outlive the execution, which clears its bindings: no copy is needed.
        sqlite3_bind_text64(
            statement, index, text->data(), text->size(), SQLITE_STATIC, SQLITE_UTF8);
    } else {
        sqlite3_bind_null(statement, index);
    }
}

Value column(sqlite3_stmt* statement, int index) {
    switch (sqlite3_column_type(statement, index)) {
        case SQLITE_INTEGER:
            return static_cast<std::int64_t>(sqlite3_column_int64(statement, index));
        case SQLITE_FLOAT:
            return sqlite3_column_double(statement, index);
        case SQLITE_NULL:
            return nullptr;
        default:
            break;
    }
    const void* data = sqlite3_column_blob(statement, index);
    const auto size = static_cast<std::size_t>(sqlite3_column_bytes(statement, index));
    return data == nullptr ? std::string{} : std::string{static_cast<const char*>(data), size};
}

}  // namespace

/// A bound statement; reset whatever happens, so that it can be run again.
class SqliteConnection::Execution {
public:
    Execution(SqliteConnection& connection, std::string_view text, const Parameters& parameters)
        : connection_{connection},
          prepared_{connection.prepare(text)},
          text_{text} {
        const auto wanted = sqlite3_bind_parameter_count(statement());
        if (static_cast<std::size_t>(wanted) != parameters.size())
            throw Error{
                ErrorCode::Internal,
                "statement " + quoted(text, kShownStatementMax) + " has " + std::to_string(wanted)
                    + " parameters, got " + std::to_string(parameters.size())};
        int index = 0;
        for (const Value& value : parameters)
            bind(statement(), ++index, value);
    }

    Execution(const Execution&) = delete;
    Execution& operator=(const Execution&) = delete;

    ~Execution() {
        sqlite3_reset(statement());
        sqlite3_clear_bindings(statement());
    }

    /// False at the end.
    bool step() {
        const int result = sqlite3_step(statement());
        if (result == SQLITE_ROW) return true;
        if (result != SQLITE_DONE) connection_.fail(result, text_);
        return false;
    }

    Row row() const {
        const int count = sqlite3_column_count(statement());
        std::vector<Value> values;
        values.reserve(static_cast<std::size_t>(count));
        for (int index = 0; index < count; ++index)
            values.push_back(column(statement(), index));
        return Row{prepared_.names, std::move(values)};
    }

private:
    sqlite3_stmt* statement() const noexcept { return prepared_.statement.get(); }

    SqliteConnection& connection_;
    Prepared& prepared_;
    std::string_view text_;
};

void SqliteConnection::StatementDeleter::operator()(sqlite3_stmt* statement) const noexcept {
    sqlite3_finalize(statement);
}

void SqliteConnection::Closer::operator()(sqlite3* handle) const noexcept {
    sqlite3_close_v2(handle);
}

SqliteConnection::SqliteConnection(const std::filesystem::path& file, const Options& options) {
    sqlite3* handle = nullptr;
    const int result = sqlite3_open_v2(
        file.c_str(),
        &handle,
        SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE,
        nullptr);
    handle_.reset(handle);
    if (handle == nullptr)
        throw Error{ErrorCode::ResourceExhausted, "opening database: out of memory"};
    with_context("database " + nacre::quoted(file.string()), [&] {
        if (result != SQLITE_OK) fail(result, "opening");
        sqlite3_busy_timeout(handle, static_cast<int>(options.busy_wait.count()));
        // Writers open first and so make the file a WAL one; the mode stays with the file.
        if (options.access == Access::Write) {
            const Rows mode = query("PRAGMA journal_mode=WAL", {});
            if (mode.empty() || mode[0].text(0) != "wal")
                throw Error{ErrorCode::Unsupported, "the file system cannot hold a write-ahead log"}
                    .with_hint("keep the data folder on a local disk");
        } else {
            run_script("PRAGMA query_only=ON");
        }
        run_script(options.synced ? "PRAGMA synchronous=FULL" : "PRAGMA synchronous=OFF");
        run_script("PRAGMA foreign_keys=ON");
    });
}

SqliteConnection::~SqliteConnection() = default;

Rows SqliteConnection::query(std::string_view statement, const Parameters& parameters) {
    Execution execution{*this, statement, parameters};
    Rows rows;
    while (execution.step())
        rows.push_back(execution.row());
    return rows;
}

std::int64_t SqliteConnection::execute(std::string_view statement, const Parameters& parameters) {
    const std::int64_t before = sqlite3_total_changes64(handle_.get());
    {
        Execution execution{*this, statement, parameters};
        while (execution.step()) {
        }
    }
    // total_changes counts cascades too; sqlite3_changes alone would keep the number of an earlier statement.
    return sqlite3_total_changes64(handle_.get()) == before ? 0 : sqlite3_changes64(handle_.get());
}

void SqliteConnection::run_script(const std::string& script) {
    const int result = sqlite3_exec(handle_.get(), script.c_str(), nullptr, nullptr, nullptr);
    if (result != SQLITE_OK) fail(result, script);
}

bool SqliteConnection::try_rollback() noexcept {
    if (sqlite3_get_autocommit(handle_.get()) != 0) return true;
    return sqlite3_exec(handle_.get(), "ROLLBACK", nullptr, nullptr, nullptr) == SQLITE_OK;
}

SqliteConnection::Prepared& SqliteConnection::prepare(std::string_view text) {
    const auto known = prepared_.find(text);
    if (known != prepared_.end()) return known->second;
    if (text.size() > static_cast<std::size_t>(std::numeric_limits<int>::max()))
        throw Error{ErrorCode::Internal, "statement too long"};
    sqlite3_stmt* statement = nullptr;
    const int result = sqlite3_prepare_v3(
        handle_.get(),
        text.data(),
        static_cast<int>(text.size()),
        SQLITE_PREPARE_PERSISTENT,
        &statement,
        nullptr);
    if (result != SQLITE_OK) fail(result, text);
    if (statement == nullptr) throw Error{ErrorCode::Internal, "empty statement"};
    Prepared prepared{Statement{statement}, nullptr};
    std::vector<std::string> names;
    for (int index = 0; index < sqlite3_column_count(statement); ++index)
        names.emplace_back(sqlite3_column_name(statement, index));
    prepared.names = std::make_shared<const std::vector<std::string>>(std::move(names));
    // The hub's statements are a fixed set; only lists of varying length make more of them.
    if (prepared_.size() >= kStatementCacheMax) prepared_.clear();
    return prepared_.insert_or_assign(std::string{text}, std::move(prepared)).first->second;
}

void SqliteConnection::fail(int result, std::string_view doing) const {
    throw Error{
        code_of(result),
        "sqlite: " + std::string{sqlite3_errmsg(handle_.get())} + " in "
            + quoted(doing, kShownStatementMax)};
}

}  // namespace nacre::sql
