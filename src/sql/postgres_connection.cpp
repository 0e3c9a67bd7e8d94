#include "sql/postgres_connection.hpp"

#include "base/error.hpp"
#include "base/text.hpp"
#include "os/stop_fd.hpp"
#include "sql/postgres_database.hpp"
#include "sql/postgres_dialect.hpp"

#include <climits>
#include <postgresql/libpq-fe.h>

#include <poll.h>

#include <array>
#include <charconv>

namespace nacre::sql {
namespace {

constexpr std::size_t kShownStatementMax = 120;
/// The server ends a statement that is too long; one that is frozen cannot.
constexpr std::chrono::milliseconds kAnswerTimeMax = kStatementTimeMax + std::chrono::seconds{15};

// Types by their numbers, which are the same in every PostgreSQL (its catalog pg_type).
constexpr Oid kBool = 16;
constexpr Oid kInt8 = 20;
constexpr Oid kInt2 = 21;
constexpr Oid kInt4 = 23;
constexpr Oid kText = 25;
constexpr Oid kFloat4 = 700;
constexpr Oid kFloat8 = 701;
constexpr Oid kNumeric = 1700;

Oid type_of(const Value& value) {
    constexpr std::array<Oid, std::variant_size_v<Value>> kTypes{0, kInt8, kFloat8, kText};
    return kTypes.at(value.index());
}

/// Statements with parameters of other types are other statements to the server.
std::string key_of(std::string_view text, const Parameters& parameters) {
    std::string key{text};
    for (const Value& value : parameters)
        key += static_cast<char>('0' + value.index());
    return key;
}

/// Parameters as libpq takes them. Text goes as bytes with a length, so that the server sees a NUL and refuses it.
class BoundParameters {
public:
    explicit BoundParameters(const Parameters& parameters) {
        texts_.reserve(parameters.size());
        for (const Value& value : parameters)
            add(value);
    }

    int count() const noexcept { return static_cast<int>(values_.size()); }

    const char* const* values() const noexcept { return values_.data(); }

    const int* lengths() const noexcept { return lengths_.data(); }

    const int* formats() const noexcept { return formats_.data(); }

private:
    template <class Number>
    void add_number(Number number) {
        std::array<char, 32> digits{};
        const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
        texts_.emplace_back(digits.data(), end);
        values_.push_back(texts_.back().c_str());
    }

    void add(const Value& value) {
        const auto* text = std::get_if<std::string>(&value);
        if (text != nullptr && text->size() > INT_MAX)
            throw Error{ErrorCode::ResourceExhausted, "a text for the database is too long"};
        if (const auto* integer = std::get_if<std::int64_t>(&value))
            add_number(*integer);
        else if (const auto* real = std::get_if<double>(&value))
            add_number(*real);
        else
            values_.push_back(text == nullptr ? nullptr : text->data());
        lengths_.push_back(text == nullptr ? 0 : static_cast<int>(text->size()));
        formats_.push_back(text == nullptr ? 0 : 1);
    }

    std::vector<std::string> texts_;
    std::vector<const char*> values_;
    std::vector<int> lengths_;
    std::vector<int> formats_;
};

template <class Number>
Number parse_number(std::string_view text) {
    Number number{};
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc{} || end != text.data() + text.size())
        throw Error{
            ErrorCode::Internal, "the database gave '" + std::string{text} + "' for a number"};
    return number;
}

Value column(const PGresult* result, int row, int index) {
    if (PQgetisnull(result, row, index) != 0) return nullptr;
    const std::string_view text{
        PQgetvalue(result, row, index), static_cast<std::size_t>(PQgetlength(result, row, index))};
    switch (PQftype(result, index)) {
        case kBool:
            return std::int64_t{text == "t" ? 1 : 0};
        case kInt2:
        case kInt4:
        case kInt8:
            return parse_number<std::int64_t>(text);
        case kNumeric:
            // What SUM makes of whole numbers.
            if (text.find_first_of(".NI") == std::string_view::npos)
                return parse_number<std::int64_t>(text);
            [[fallthrough]];
        case kFloat4:
        case kFloat8:
            return parse_number<double>(text);
        default:
            return std::string{text};
    }
}

bool is_error(const PGresult* result) {
    const ExecStatusType status = PQresultStatus(result);
    return status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK;
}

std::string line_of(const char* message) {
    return replace_all(trim(message == nullptr ? "" : message), "\n", ", ");
}

}  // namespace

void PostgresConnection::Closer::operator()(pg_conn* connection) const noexcept {
    PQfinish(connection);
}

void PostgresConnection::ResultDeleter::operator()(pg_result* result) const noexcept {
    PQclear(result);
}

PostgresConnection::PostgresConnection(const PostgresParameters& parameters, Refusal& refusal) {
    std::vector<const char*> keywords;
    std::vector<const char*> values;
    for (const auto& [keyword, value] : parameters) {
        keywords.push_back(keyword.c_str());
        values.push_back(value.c_str());
    }
    keywords.push_back(nullptr);
    values.push_back(nullptr);
    connection_.reset(PQconnectdbParams(keywords.data(), values.data(), 0));
    if (!connection_)
        throw Error{ErrorCode::ResourceExhausted, "connecting to the database: out of memory"};
    // Notices are for people at a terminal; what matters is an error.
    PQsetNoticeReceiver(connection_.get(), [](void*, const PGresult*) {}, nullptr);
    if (PQstatus(connection_.get()) == CONNECTION_OK) return;
    refusal = PQpingParams(keywords.data(), values.data(), 0) == PQPING_OK ? Refusal::ForGood
                                                                           : Refusal::ForNow;
    throw Error{ErrorCode::Unavailable, "postgresql: " + line_of(PQerrorMessage(connection_.get()))}
        .with_hint("check database.url, and that the server runs and lets this user in");
}

PostgresConnection::~PostgresConnection() = default;

bool PostgresConnection::is_lost() const noexcept {
    return gave_up_ || PQstatus(connection_.get()) != CONNECTION_OK;
}

void PostgresConnection::fail_lost(std::string_view doing) const {
    throw Error{
        ErrorCode::Unavailable,
        "postgresql: " + line_of(PQerrorMessage(connection_.get())) + " in "
            + quoted(doing, kShownStatementMax)};
}

void PostgresConnection::fail(const pg_result* result, std::string_view doing) const {
    const char* state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    // libpq gives no state for what it noticed itself: the connection broke.
    if (state == nullptr) fail_lost(doing);
    std::string message =
        "postgresql: " + line_of(PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY));
    if (const char* detail = PQresultErrorField(result, PG_DIAG_MESSAGE_DETAIL))
        message += " (" + line_of(detail) + ")";
    throw Error{
        code_of_sqlstate(state),
        message + " [" + state + "] in " + quoted(doing, kShownStatementMax)};
}

void PostgresConnection::wait_for_answer(std::string_view doing) {
    while (PQisBusy(connection_.get()) != 0) {
        pollfd wanted{PQsocket(connection_.get()), POLLIN, 0};
        const int ready = ::poll(&wanted, 1, static_cast<int>(kAnswerTimeMax.count()));
        if (ready < 0 && errno == EINTR) continue;
        if (ready == 0) {
            gave_up_ = true;
            throw Error{
                ErrorCode::Unavailable,
                "postgresql: no answer within " + std::to_string(kAnswerTimeMax.count()) + " ms in "
                    + quoted(doing, kShownStatementMax)};
        }
        if (PQconsumeInput(connection_.get()) == 0) fail_lost(doing);
    }
}

PostgresConnection::Result PostgresConnection::receive(std::string_view doing) {
    Result last;
    for (;;) {
        wait_for_answer(doing);
        Result result{PQgetResult(connection_.get())};
        if (!result) break;
        if (!last || !is_error(last.get())) last = std::move(result);
    }
    if (!last) fail_lost(doing);
    if (is_error(last.get())) fail(last.get(), doing);
    return last;
}

void PostgresConnection::check_sent(int sent, std::string_view doing) {
    if (sent == 0) fail_lost(doing);
}

PostgresConnection::Prepared& PostgresConnection::prepare(
    std::string_view text, const Parameters& parameters) {
    std::string key = key_of(text, parameters);
    const auto known = prepared_.find(key);
    if (known != prepared_.end()) return known->second;
    const NumberedStatement numbered = number_parameters(text);
    if (numbered.parameters != parameters.size())
        throw Error{
            ErrorCode::Internal,
            "statement " + quoted(text, kShownStatementMax) + " has "
                + std::to_string(numbered.parameters) + " parameters, got "
                + std::to_string(parameters.size())};
    // The hub's statements are a fixed set; only lists of varying length make more of them.
    if (prepared_.size() >= kStatementCacheMax) {
        run_script("DEALLOCATE ALL");
        prepared_.clear();
    }
    std::vector<Oid> types;
    types.reserve(parameters.size());
    for (const Value& value : parameters)
        types.push_back(type_of(value));
    Prepared prepared{"s" + std::to_string(++names_), nullptr};
    check_sent(
        PQsendPrepare(
            connection_.get(),
            prepared.name.c_str(),
            numbered.text.c_str(),
            static_cast<int>(types.size()),
            types.data()),
        text);
    receive(text);
    return prepared_.insert_or_assign(std::move(key), std::move(prepared)).first->second;
}

PostgresConnection::Result PostgresConnection::run(
    Prepared& prepared, std::string_view text, const Parameters& parameters) {
    const BoundParameters bound{parameters};
    check_sent(
        PQsendQueryPrepared(
            connection_.get(),
            prepared.name.c_str(),
            bound.count(),
            bound.values(),
            bound.lengths(),
            bound.formats(),
            0),
        text);
    return receive(text);
}

Rows PostgresConnection::query(std::string_view statement, const Parameters& parameters) {
    Prepared& prepared = prepare(statement, parameters);
    const Result result = run(prepared, statement, parameters);
    const int columns = PQnfields(result.get());
    if (!prepared.columns) {
        std::vector<std::string> names;
        for (int index = 0; index < columns; ++index)
            names.emplace_back(PQfname(result.get(), index));
        prepared.columns = std::make_shared<const std::vector<std::string>>(std::move(names));
    }
    Rows rows;
    rows.reserve(static_cast<std::size_t>(PQntuples(result.get())));
    for (int row = 0; row < PQntuples(result.get()); ++row) {
        std::vector<Value> values;
        values.reserve(static_cast<std::size_t>(columns));
        for (int index = 0; index < columns; ++index)
            values.push_back(column(result.get(), row, index));
        rows.emplace_back(prepared.columns, std::move(values));
    }
    return rows;
}

std::int64_t PostgresConnection::execute(std::string_view statement, const Parameters& parameters) {
    const Result result = run(prepare(statement, parameters), statement, parameters);
    // The number of rows that a SELECT read is no number of changes; definitions have none.
    const std::string_view tag = PQcmdStatus(result.get());
    const std::string_view count = PQcmdTuples(result.get());
    if (count.empty() || tag.starts_with("SELECT")) return 0;
    return parse_number<std::int64_t>(count);
}

void PostgresConnection::run_script(const std::string& script) {
    check_sent(PQsendQuery(connection_.get(), script.c_str()), script);
    receive(script);
}

void PostgresConnection::commit() {
    check_sent(PQsendQuery(connection_.get(), "COMMIT"), "COMMIT");
    const Result result = receive("COMMIT");
    if (std::string_view{PQcmdStatus(result.get())} != "COMMIT")
        throw Error{ErrorCode::Internal, "postgresql: the transaction was rolled back"};
}

std::vector<std::string> PostgresConnection::take_words() {
    struct Freer {
        void operator()(PGnotify* notice) const noexcept { PQfreemem(notice); }
    };

    std::vector<std::string> words;
    while (const std::unique_ptr<PGnotify, Freer> notice{PQnotifies(connection_.get())})
        words.emplace_back(notice->extra);
    return words;
}

std::vector<std::string> PostgresConnection::wait_for_words(
    std::chrono::milliseconds limit, const std::stop_token& stop) {
    const os::StopFd stopped{stop};
    std::array<pollfd, 2> wanted{
        pollfd{PQsocket(connection_.get()), POLLIN, 0}, pollfd{stopped.get(), POLLIN, 0}};
    for (;;) {
        std::vector<std::string> words = take_words();
        if (!words.empty() || stop.stop_requested()) return words;
        const int ready = ::poll(wanted.data(), wanted.size(), static_cast<int>(limit.count()));
        if (ready == 0) return words;
        // What comes may be the server's farewell: the end of the connection follows it.
        if (wanted[0].revents != 0 && PQconsumeInput(connection_.get()) == 0) fail_lost("LISTEN");
    }
}

bool PostgresConnection::try_rollback() noexcept {
    if (is_lost()) return false;
    if (PQtransactionStatus(connection_.get()) == PQTRANS_IDLE) return true;
    try {
        run_script("ROLLBACK");
    } catch (const std::exception&) {
        return false;
    }
    return true;
}

}  // namespace nacre::sql
