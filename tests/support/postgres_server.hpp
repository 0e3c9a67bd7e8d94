#pragma once

#include "os/process.hpp"
#include "support/temp_dir.hpp"

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace nacre::test {

/// A PostgreSQL of Debian's package, empty, on a socket below a folder of its own, in memory where that is to be had. Nothing is synced: it is for tests that do not
/// cut the power. Ends with the object, also when this process is killed.
class PostgresServer {
public:
    /// Where its programs are; nothing when the package is not installed.
    static std::optional<std::filesystem::path> find_programs();

    /// Throws std::runtime_error with the server's words.
    PostgresServer();
    PostgresServer(const PostgresServer&) = delete;
    PostgresServer& operator=(const PostgresServer&) = delete;
    ~PostgresServer();

    std::string url(const std::string& database) const;
    /// Makes a database, a copy of `source`, and returns its address.
    std::string make_database(const std::string& name, const std::string& source = "template1");
    void drop_database(const std::string& name);
    void run_sql(const std::string& database, const std::string& statement);

    void stop();
    void start();

private:
    static std::filesystem::path find_place();
    os::Command command(std::vector<std::string> argv) const;
    std::string run(std::vector<std::string> argv);

    std::filesystem::path data() const { return folder_.path() / "data"; }

    TempDir folder_{find_place()};
    std::filesystem::path programs_;
    os::SystemProcessRunner runner_;
    std::unique_ptr<os::ChildProcess> child_;
};

}  // namespace nacre::test
