#include "sql/migrations.hpp"

#include "base/error.hpp"
#include "base/text.hpp"

namespace nacre::sql {
namespace {

constexpr std::string_view kVersionTable =
    "CREATE TABLE IF NOT EXISTS schema_version"
    " (component TEXT PRIMARY KEY, version BIGINT NOT NULL)";

/// Statements end with ';' at the end of a line; what follows "--" is a comment.
std::vector<std::string> split_statements(std::string_view text) {
    std::vector<std::string> statements;
    std::string current;
    for (const std::string& line : split(text, '\n')) {
        const std::string_view code = trim(std::string_view{line}.substr(0, line.find("--")));
        if (code.empty()) continue;
        if (!current.empty()) current += '\n';
        current += code;
        if (code.back() != ';') continue;
        current.pop_back();
        statements.push_back(std::exchange(current, {}));
    }
    if (!current.empty()) statements.push_back(std::move(current));
    return statements;
}

std::int64_t read_version(Transaction& transaction, std::string_view component) {
    const Rows rows = transaction.query(
        "SELECT version FROM schema_version WHERE component = ?", {std::string{component}});
    return rows.empty() ? 0 : rows[0].integer(0);
}

void write_version(Transaction& transaction, std::string_view component, std::int64_t version) {
    if (transaction.execute(
            "UPDATE schema_version SET version = ? WHERE component = ?",
            {version, std::string{component}})
        == 0)
        transaction.execute(
            "INSERT INTO schema_version (component, version) VALUES (?, ?)",
            {std::string{component}, version});
}

}  // namespace

std::int64_t migrate(Database& database, std::string_view component, const Migrations& migrations) {
    const auto transaction = database.begin(Access::Write);
    transaction->execute(kVersionTable);
    std::int64_t version = read_version(*transaction, component);
    const auto newest = static_cast<std::int64_t>(migrations.size());
    if (version > newest)
        throw Error{
            ErrorCode::Unsupported,
            "the database has version " + std::to_string(version) + " of '" + std::string{component}
                + "', this program knows " + std::to_string(newest)}
            .with_hint("start the program that wrote it, or a newer one");
    for (const Migration& migration : migrations) {
        if (migration.version <= version) continue;
        if (migration.version != version + 1)
            throw Error{
                ErrorCode::Internal,
                "migration " + std::to_string(migration.version) + " follows "
                    + std::to_string(version)};
        with_context(
            "migration " + std::to_string(migration.version) + " '" + migration.name + "'", [&] {
                for (const std::string& statement : split_statements(migration.statements))
                    transaction->execute(statement);
            });
        version = migration.version;
    }
    write_version(*transaction, component, version);
    transaction->commit();
    return version;
}

}  // namespace nacre::sql
