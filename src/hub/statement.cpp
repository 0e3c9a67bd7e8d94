#include "hub/statement.hpp"

#include "base/text.hpp"
#include "koji/fault.hpp"

#include <algorithm>

namespace nacre::hub {
namespace {

constexpr double kMicroseconds = 1e6;

}  // namespace

sql::Value sql_value(std::int64_t value) {
    return value;
}

sql::Value sql_value(double value) {
    return value;
}

sql::Value sql_value(bool value) {
    return std::int64_t{value ? 1 : 0};
}

sql::Value sql_value(std::string_view value) {
    return std::string{value};
}

sql::Value sql_value(const char* value) {
    return std::string{value};
}

void Conditions::add(std::string_view clause, sql::Parameters parameters) {
    clauses_.emplace_back(clause);
    for (sql::Value& value : parameters)
        parameters_.push_back(std::move(value));
}

void Conditions::add_time(std::string_view clause, const std::optional<double>& seconds) {
    if (seconds) add(clause, {static_cast<std::int64_t>(*seconds * kMicroseconds)});
}

void Conditions::add_list(std::string_view column, sql::Parameters values) {
    std::string clause{column};
    clause += " IN (?";
    for (std::size_t i = 1; i < values.size(); ++i)
        clause += ", ?";
    add(clause + ")", std::move(values));
}

void Conditions::add_in_force(std::string_view alias, AsOf as_of) {
    const std::string name{alias};
    if (!as_of.event) {
        add(name + ".active = 1");
        return;
    }
    const sql::Value event = as_of.event->value();
    add(name + ".create_event <= ? AND (" + name + ".revoke_event IS NULL OR " + name
            + ".revoke_event > ?)",
        {event, event});
}

std::string Conditions::where() const {
    return clauses_.empty() ? std::string{} : " WHERE " + join(clauses_, " AND ");
}

std::string Conditions::and_more() const {
    return clauses_.empty() ? std::string{} : " AND " + join(clauses_, " AND ");
}

std::string order_and_page(
    const QueryOptions& options, OrderColumns columns, std::string_view otherwise) {
    std::vector<std::string> keys;
    for (const std::string& piece : split(options.order, ',')) {
        std::string_view field = trim(piece);
        if (field.empty()) continue;
        const bool descending = field.front() == '-';
        if (descending) field.remove_prefix(1);
        const auto known = std::find_if(
            columns.begin(), columns.end(), [&](const auto& c) { return c.field == field; });
        if (known == columns.end())
            throw koji::Fault{
                koji::FaultCode::GenericError, "Invalid order: " + std::string{field}};
        std::string key = std::string{known->column} + (descending ? " DESC" : "");
        if (known->nulls == Nulls::Possible) key += descending ? " NULLS FIRST" : " NULLS LAST";
        keys.push_back(std::move(key));
    }
    std::string clause = " ORDER BY ";
    clause += keys.empty() ? std::string{otherwise} : join(keys, ", ");
    if (options.limit.value_or(0) < 0 || options.offset.value_or(0) < 0)
        throw koji::Fault{koji::FaultCode::GenericError, "Invalid limit or offset: negative"};
    // SQLite knows no OFFSET without a LIMIT.
    if (options.limit || options.offset)
        clause += " LIMIT " + std::to_string(options.limit.value_or(INT64_MAX));
    if (options.offset) clause += " OFFSET " + std::to_string(*options.offset);
    return clause;
}

std::string like_pattern(std::string_view glob) {
    std::string pattern;
    for (const char c : glob) {
        if (c == '*') {
            pattern += '%';
        } else if (c == '?') {
            pattern += '_';
        } else {
            if (c == '%' || c == '_' || c == '\\') pattern += '\\';
            pattern += c;
        }
    }
    return pattern;
}

std::int64_t insert_versioned(
    Call& call,
    std::string_view table,
    std::initializer_list<std::pair<std::string_view, sql::Value>> values) {
    std::string statement = "INSERT INTO " + std::string{table} + " (";
    std::string marks;
    sql::Parameters parameters;
    for (const auto& [column, value] : values) {
        statement += std::string{column} + ", ";
        marks += "?, ";
        parameters.push_back(value);
    }
    parameters.push_back(sql_value(call.event()));
    parameters.push_back(sql_value(call.caller().user));
    return call.sql().insert(
        statement + "create_event, creator_id, active) VALUES (" + marks + "?, ?, 1)", parameters);
}

std::int64_t revoke(
    Call& call,
    std::string_view table,
    std::string_view condition,
    const sql::Parameters& parameters) {
    const std::string what = std::string{table} + " WHERE active = 1 AND " + std::string{condition};
    // An event is made only when there is something to revoke.
    if (call.sql().query("SELECT id FROM " + what, parameters).empty()) return 0;
    sql::Parameters all = bound(call.event(), call.caller().user);
    all.insert(all.end(), parameters.begin(), parameters.end());
    return call.sql().execute(
        "UPDATE " + std::string{table}
            + " SET active = NULL, revoke_event = ?, revoker_id = ? WHERE active = 1 AND "
            + std::string{condition},
        all);
}

}  // namespace nacre::hub
