#pragma once

#include "sql/database.hpp"

#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

struct pg_conn;
struct pg_result;

namespace nacre::sql {

/// Keywords and values of libpq.
using PostgresParameters = std::vector<std::pair<std::string, std::string>>;

/// One connection with its prepared statements. Confined to one thread at a time.
class PostgresConnection {
public:
    enum class Refusal : std::uint8_t {
        ForNow,  ///< nobody answers, or the server starts or stops
        ForGood  ///< the server answers, and does not want us
    };

    /// Throws Error{Unavailable} with the server's words; `refusal` says then whether another attempt makes sense.
    PostgresConnection(const PostgresParameters& parameters, Refusal& refusal);
    PostgresConnection(const PostgresConnection&) = delete;
    PostgresConnection& operator=(const PostgresConnection&) = delete;
    ~PostgresConnection();

    Rows query(std::string_view statement, const Parameters& parameters);
    std::int64_t execute(std::string_view statement, const Parameters& parameters);
    /// Several statements, separated by ';', in one trip to the server.
    void run_script(const std::string& script);
    /// Throws Error{Internal} when the server rolled back instead, because a statement had failed.
    void commit();
    /// False when the connection must not be used again.
    bool try_rollback() noexcept;

    /// What NOTIFY brought since the last call; waits for the first one.
    std::vector<std::string> wait_for_words(
        std::chrono::milliseconds limit, const std::stop_token& stop);

    bool is_lost() const noexcept;

private:
    struct Closer {
        void operator()(pg_conn* connection) const noexcept;
    };

    struct ResultDeleter {
        void operator()(pg_result* result) const noexcept;
    };

    using Result = std::unique_ptr<pg_result, ResultDeleter>;

    struct Prepared {
        std::string name;
        std::shared_ptr<const std::vector<std::string>> columns;
    };

    Prepared& prepare(std::string_view text, const Parameters& parameters);
    Result run(Prepared& prepared, std::string_view text, const Parameters& parameters);
    /// The last result of what was sent, or the first that is an error.
    Result receive(std::string_view doing);
    std::vector<std::string> take_words();
    void wait_for_answer(std::string_view doing);
    void check_sent(int sent, std::string_view doing);
    [[noreturn]] void fail(const pg_result* result, std::string_view doing) const;
    [[noreturn]] void fail_lost(std::string_view doing) const;

    std::unique_ptr<pg_conn, Closer> connection_;
    std::unordered_map<std::string, Prepared> prepared_;
    std::uint64_t names_ = 0;
    bool gave_up_ = false;
};

}  // namespace nacre::sql
