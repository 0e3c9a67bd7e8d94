#pragma once

#include "api/koji/dispatcher.hpp"
#include "auth/static_authenticator.hpp"
#include "sql/sqlite_database.hpp"

#include <chrono>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace nacre::bench {

using Milliseconds = std::chrono::duration<double, std::milli>;

/// A hub over a database file, as nacred has it.
class Bench {
public:
    explicit Bench(const std::filesystem::path& folder);

    void write(const std::function<void(hub::Call&)>& body);
    /// One statement in a transaction of its own.
    void execute(std::string_view statement, const sql::Parameters& parameters = {});
    /// A call as an anonymous client makes it, from the arguments to the text of the answer; the text's size.
    std::size_t call(std::string_view method, api::koji::Array params);

    hub::Hub& service() noexcept { return hub_; }

    sql::Database& database() noexcept { return database_; }

private:
    SystemClock clock_;
    SystemRandom random_;
    MemoryLogSink log_;
    sql::SqliteDatabase database_;
    hub::Hub hub_;
    auth::StaticAuthenticator authenticator_;
    api::koji::Dispatcher dispatcher_;
};

Milliseconds time(const std::function<void()>& body);

/// One line of a table: "what | median | p99 | max | note", in milliseconds.
void report(std::string_view what, std::vector<Milliseconds> times, const std::string& note = {});

void run_scheduling(const std::filesystem::path& folder);
void run_reads(const std::filesystem::path& folder, std::int64_t builds);

}  // namespace nacre::bench
