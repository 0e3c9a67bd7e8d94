#pragma once

#include "hub/call.hpp"
#include "hub/query.hpp"

#include <algorithm>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace nacre::hub {

sql::Value sql_value(std::int64_t value);
sql::Value sql_value(double value);
sql::Value sql_value(bool value);
sql::Value sql_value(std::string_view value);
sql::Value sql_value(const char* value);

template <class Tag>
sql::Value sql_value(StrongId<Tag> id) {
    return id.value();
}

template <class T>
sql::Value sql_value(const std::optional<T>& value) {
    if (!value) return nullptr;
    return sql_value(*value);
}

/// Parameters of a statement from typed values.
template <class... Values>
sql::Parameters bound(const Values&... values) {
    return sql::Parameters{sql_value(values)...};
}

template <class Id>
std::optional<Id> find_id(const sql::Row& row, std::size_t column) {
    const auto value = row.find_integer(column);
    if (!value) return std::nullopt;
    return Id{*value};
}

/// The conditions of a WHERE clause, which all must hold, with their parameters in order.
class Conditions {
public:
    void add(std::string_view clause, sql::Parameters parameters = {});

    template <class T>
    void add_if(std::string_view clause, const std::optional<T>& value) {
        if (value) add(clause, {sql_value(*value)});
    }

    /// Seconds since 1970 against a column of microseconds.
    void add_time(std::string_view clause, const std::optional<double>& seconds);

    /// "column IN (?, ...)"; nothing when there are no values.
    template <class T>
    void add_any(std::string_view column, const std::vector<T>& values) {
        if (values.empty()) return;
        sql::Parameters parameters;
        for (const T& value : values)
            parameters.push_back(sql_value(value));
        add_list(column, std::move(parameters));
    }

    /// The rows of a versioned table that were in force. `alias`: the table's name in the statement.
    void add_in_force(std::string_view alias, AsOf as_of);

    /// " WHERE a AND b", or nothing.
    std::string where() const;
    /// " AND a AND b", or nothing.
    std::string and_more() const;

    const sql::Parameters& parameters() const noexcept { return parameters_; }

private:
    void add_list(std::string_view column, sql::Parameters values);

    std::vector<std::string> clauses_;
    sql::Parameters parameters_;
};

enum class Nulls : std::uint8_t { None, Possible };

/// A field that clients may order by, and its column. NULLs count as greater than all else, as in Koji's database.
struct OrderColumn {
    std::string_view field;
    std::string_view column;
    Nulls nulls = Nulls::None;
};

using OrderColumns = std::initializer_list<OrderColumn>;

/// " ORDER BY ... LIMIT ... OFFSET ..."; fault 1000 for an unknown field or a negative number. `otherwise` is the
/// order when none is asked for.
std::string order_and_page(
    const QueryOptions& options, OrderColumns columns, std::string_view otherwise);

/// The part of rows that were found in memory.
template <class Row>
std::vector<Row> page(std::vector<Row> rows, const QueryOptions& options) {
    const auto size = static_cast<std::int64_t>(rows.size());
    const std::int64_t first = std::clamp(options.offset.value_or(0), std::int64_t{0}, size);
    const std::int64_t count =
        std::clamp(options.limit.value_or(size), std::int64_t{0}, size - first);
    rows.erase(rows.begin(), rows.begin() + first);
    rows.erase(rows.begin() + count, rows.end());
    return rows;
}

/// A pattern for LIKE ... ESCAPE '\' that matches what the shell pattern matches ('*' and '?').
std::string like_pattern(std::string_view glob);

/// A row of a versioned table, in force from this call's event on.
std::int64_t insert_versioned(
    Call& call,
    std::string_view table,
    std::initializer_list<std::pair<std::string_view, sql::Value>> values);

/// Ends the rows in force that match `condition`; returns how many.
std::int64_t revoke(
    Call& call,
    std::string_view table,
    std::string_view condition,
    const sql::Parameters& parameters);

}  // namespace nacre::hub
