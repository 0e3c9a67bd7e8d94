#include "support/postgres_server.hpp"

#include "base/error.hpp"
#include "os/file.hpp"
#include "sql/postgres_database.hpp"

#include <gtest/gtest.h>

#include <fcntl.h>
#include <unistd.h>

#include <stdexcept>

namespace nacre::test {
namespace {

constexpr const char* kVersions = "/usr/lib/postgresql";

}  // namespace

std::optional<std::filesystem::path> PostgresServer::find_programs() {
    std::error_code error;
    for (const auto& version : std::filesystem::directory_iterator{kVersions, error})
        if (std::filesystem::exists(version.path() / "bin" / "initdb"))
            return version.path() / "bin";
    return std::nullopt;
}

std::filesystem::path PostgresServer::find_place() {
    // A database is 300 files, and there is one for each test.
    constexpr const char* kMemory = "/dev/shm";
    return ::access(kMemory, W_OK) == 0 ? kMemory : testing::TempDir();
}

PostgresServer::PostgresServer() {
    const auto programs = find_programs();
    if (!programs) throw std::runtime_error{"PostgreSQL is not installed"};
    programs_ = *programs;
    std::filesystem::create_directory(data());
    if (::geteuid() == 0) {
        // PostgreSQL refuses to be run by root. The package made the user.
        os::Command own;
        own.argv = {"chown", "postgres:postgres", data()};
        own.environment = os::minimal_environment();
        os::run_checked(runner_, own, {}, {});
        std::filesystem::permissions(
            folder_.path(),
            std::filesystem::perms::others_exec,
            std::filesystem::perm_options::add);
    }
    run(
        {programs_ / "initdb",
         "--pgdata",
         data(),
         "--username=postgres",
         "--auth=trust",
         "--encoding=UTF8",
         "--locale=C.UTF-8",
         "--no-sync"});
    start();
}

PostgresServer::~PostgresServer() {
    try {
        stop();
    } catch (const std::exception&) {
        // The supervisor of the child kills what is left.
        child_.reset();
    }
}

os::Command PostgresServer::command(std::vector<std::string> argv) const {
    os::Command command;
    if (::geteuid() == 0)
        command.argv = {"setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"};
    command.argv.insert(command.argv.end(), argv.begin(), argv.end());
    command.environment = os::minimal_environment();
    command.directory = data();
    return command;
}

std::string PostgresServer::run(std::vector<std::string> argv) {
    return os::run_checked(runner_, command(std::move(argv)), {}, {});
}

void PostgresServer::start() {
    os::Command server = command(
        {programs_ / "postgres",
         "-D",
         data(),
         "-c",
         "listen_addresses=",
         "-c",
         "unix_socket_directories=" + data().string(),
         "-c",
         "fsync=off",
         "-c",
         "full_page_writes=off",
         "-c",
         "synchronous_commit=off",
         "-c",
         "shared_buffers=32MB"});
    server.orphans = os::Orphans::Killed;
    const std::filesystem::path log = folder_.path() / "log";
    const os::UniqueFd out{::open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600)};
    child_ = runner_.start(server, {.in = -1, .out = out.get(), .err = out.get()});
    try {
        const sql::PostgresDatabase ready{{.url = url("postgres")}};
    } catch (const Error& error) {
        throw std::runtime_error{
            "PostgreSQL does not start: " + error.describe() + "\n"
            + os::read_file(log, 1U << 20U)};
    }
}

void PostgresServer::stop() {
    if (!child_) return;
    run({programs_ / "pg_ctl", "stop", "--pgdata", data(), "--mode=fast", "--wait"});
    child_->wait_for(std::chrono::seconds{10});
    child_.reset();
}

std::string PostgresServer::url(const std::string& database) const {
    return "postgresql:///" + database + "?user=postgres&host=" + data().string();
}

std::string PostgresServer::make_database(const std::string& name, const std::string& source) {
    run_sql("postgres", "CREATE DATABASE " + name + " TEMPLATE " + source);
    return url(name);
}

void PostgresServer::drop_database(const std::string& name) {
    run_sql("postgres", "DROP DATABASE " + name);
}

void PostgresServer::run_sql(const std::string& database, const std::string& statement) {
    run(
        {programs_ / "psql",
         "--no-psqlrc",
         "--quiet",
         "--set=ON_ERROR_STOP=1",
         "--dbname=" + url(database),
         "--command=" + statement});
}

}  // namespace nacre::test
