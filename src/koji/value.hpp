#pragma once

#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace nacre::koji {

class Value;
struct Member;

using Array = std::vector<Value>;

/// Members in their order; names are unique.
class Struct {
public:
    Struct() noexcept;
    Struct(const Struct& other);
    Struct(Struct&& other) noexcept;
    Struct& operator=(const Struct& other);
    Struct& operator=(Struct&& other) noexcept;
    ~Struct();

    const Value* find(std::string_view name) const noexcept;
    void set(std::string_view name, Value value);
    bool erase(std::string_view name);

    bool empty() const noexcept;

    const std::vector<Member>& members() const noexcept { return members_; }

    bool operator==(const Struct&) const;

private:
    std::vector<Member> members_;
};

/// A value of Koji's XML-RPC dialect: nil, boolean, integer (int or i8 on the wire, by size), double,
/// string, array, struct. base64 and dateTime arrive as strings.
class Value {
public:
    // Implicit: a value is written as the literal it holds.
    Value() noexcept = default;  ///< nil

    explicit(false) Value(std::nullptr_t) noexcept {}

    /// Not for what merely converts to bool, as pointers do.
    template <std::same_as<bool> Bool>
    explicit(false) Value(Bool value) noexcept : data_{value} {}

    explicit(false) Value(std::int64_t value) noexcept : data_{value} {}

    explicit(false) Value(int value) noexcept : data_{std::int64_t{value}} {}

    explicit(false) Value(double value) noexcept : data_{value} {}

    explicit(false) Value(std::string value) noexcept : data_{std::move(value)} {}

    explicit(false) Value(std::string_view value) : data_{std::string{value}} {}

    explicit(false) Value(const char* value) : data_{std::string{value}} {}

    explicit(false) Value(Array value) noexcept : data_{std::move(value)} {}

    explicit(false) Value(Struct value) noexcept : data_{std::move(value)} {}

    bool is_nil() const noexcept { return std::holds_alternative<std::nullptr_t>(data_); }

    const bool* if_bool() const noexcept { return std::get_if<bool>(&data_); }

    const std::int64_t* if_integer() const noexcept { return std::get_if<std::int64_t>(&data_); }

    const double* if_double() const noexcept { return std::get_if<double>(&data_); }

    const std::string* if_string() const noexcept { return std::get_if<std::string>(&data_); }

    const Array* if_array() const noexcept { return std::get_if<Array>(&data_); }

    const Struct* if_struct() const noexcept { return std::get_if<Struct>(&data_); }

    Array* if_array() noexcept { return std::get_if<Array>(&data_); }

    Struct* if_struct() noexcept { return std::get_if<Struct>(&data_); }

    /// "nil", "boolean", "int", "double", "string", "array", "struct": for messages.
    std::string_view type_name() const noexcept;

    bool operator==(const Value&) const = default;

private:
    std::variant<std::nullptr_t, bool, std::int64_t, double, std::string, Array, Struct> data_{
        nullptr};
};

struct Member {
    std::string name;
    Value value;

    bool operator==(const Member&) const = default;
};

}  // namespace nacre::koji
