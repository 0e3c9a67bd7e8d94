#pragma once

#include "sql/database.hpp"

#include <chrono>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

struct sqlite3;
struct sqlite3_stmt;

namespace nacre::sql {

/// One connection with its prepared statements. Confined to one thread at a time.
class SqliteConnection {
public:
    struct Options {
        Access access = Access::Read;
        bool synced = true;
        std::chrono::milliseconds busy_wait{0};
    };

    /// Throws Error{Unavailable, DataCorrupt, Unsupported} naming the file.
    SqliteConnection(const std::filesystem::path& file, const Options& options);
    SqliteConnection(const SqliteConnection&) = delete;
    SqliteConnection& operator=(const SqliteConnection&) = delete;
    ~SqliteConnection();

    Rows query(std::string_view statement, const Parameters& parameters);
    std::int64_t execute(std::string_view statement, const Parameters& parameters);
    /// Several statements, separated by ';'.
    void run_script(const std::string& script);
    /// False when the rollback itself failed: the connection must not be used again.
    bool try_rollback() noexcept;

private:
    struct StatementDeleter {
        void operator()(sqlite3_stmt* statement) const noexcept;
    };

    using Statement = std::unique_ptr<sqlite3_stmt, StatementDeleter>;

    struct Prepared {
        Statement statement;
        std::shared_ptr<const std::vector<std::string>> names;
    };

    struct TextHash {
        using is_transparent = void;

        std::size_t operator()(std::string_view text) const noexcept {
            return std::hash<std::string_view>{}(text);
        }
    };

    struct Closer {
        void operator()(sqlite3* handle) const noexcept;
    };

    class Execution;

    Prepared& prepare(std::string_view text);
    [[noreturn]] void fail(int result, std::string_view doing) const;

    std::unique_ptr<sqlite3, Closer> handle_;
    std::unordered_map<std::string, Prepared, TextHash, std::equal_to<>> prepared_;
};

}  // namespace nacre::sql
