#include "base/error.hpp"
#include "sql/database.hpp"

namespace nacre::sql {
namespace {

constexpr std::string_view kTypeNames[] = {"null", "integer", "real", "text"};

[[noreturn]] void refuse(const std::string& column, std::string_view wanted, const Value& found) {
    throw Error{
        ErrorCode::Internal,
        "column '" + column + "' is " + std::string{kTypeNames[found.index()]} + ", expected "
            + std::string{wanted}};
}

}  // namespace

Row::Row(std::shared_ptr<const std::vector<std::string>> names, std::vector<Value> values)
    : names_{std::move(names)},
      values_{std::move(values)} {}

bool Row::is_null(std::size_t column) const {
    return std::holds_alternative<std::nullptr_t>(values_.at(column));
}

std::int64_t Row::integer(std::size_t column) const {
    const Value& value = values_.at(column);
    if (const auto* integer = std::get_if<std::int64_t>(&value)) return *integer;
    refuse(names_->at(column), "integer", value);
}

double Row::real(std::size_t column) const {
    const Value& value = values_.at(column);
    if (const auto* real = std::get_if<double>(&value)) return *real;
    if (const auto* integer = std::get_if<std::int64_t>(&value))
        return static_cast<double>(*integer);
    refuse(names_->at(column), "real", value);
}

const std::string& Row::text(std::size_t column) const {
    const Value& value = values_.at(column);
    if (const auto* text = std::get_if<std::string>(&value)) return *text;
    refuse(names_->at(column), "text", value);
}

std::optional<std::int64_t> Row::find_integer(std::size_t column) const {
    if (is_null(column)) return std::nullopt;
    return integer(column);
}

std::optional<double> Row::find_real(std::size_t column) const {
    if (is_null(column)) return std::nullopt;
    return real(column);
}

std::optional<std::string> Row::find_text(std::size_t column) const {
    if (is_null(column)) return std::nullopt;
    return text(column);
}

}  // namespace nacre::sql
