#pragma once

#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace nacre::json {

class Value;
struct Member;

using Array = std::vector<Value>;

/// Members in the order of the text, or as they were set. Names are unique.
class Object {
public:
    Object() noexcept;
    Object(const Object& other);
    Object(Object&& other) noexcept;
    Object& operator=(const Object& other);
    Object& operator=(Object&& other) noexcept;
    ~Object();
    /// Throws Error{InvalidArgument} when two members have the same name.
    explicit Object(std::vector<Member> members);

    /// Nothing is null: the pointer is valid until the object changes.
    const Value* find(std::string_view name) const noexcept;
    Value* find(std::string_view name) noexcept;
    /// Replaces the value of `name` in its place, or appends it.
    void set(std::string_view name, Value value);
    /// Returns false when there was no such member.
    bool erase(std::string_view name);

    bool empty() const noexcept;
    std::size_t size() const noexcept;

    const std::vector<Member>& members() const noexcept { return members_; }

    bool operator==(const Object&) const;

private:
    std::vector<Member> members_;
};

/// A JSON value (RFC 8259). Numbers are integers when the text has neither fraction nor exponent and
/// the value fits 64 bits, else doubles.
class Value {
public:
    Value() noexcept = default;  ///< null

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

    explicit(false) Value(Object value) noexcept : data_{std::move(value)} {}

    bool is_null() const noexcept { return std::holds_alternative<std::nullptr_t>(data_); }

    /// Null pointers when the value is of another type.
    const bool* if_bool() const noexcept { return std::get_if<bool>(&data_); }

    const std::int64_t* if_integer() const noexcept { return std::get_if<std::int64_t>(&data_); }

    const double* if_double() const noexcept { return std::get_if<double>(&data_); }

    const std::string* if_string() const noexcept { return std::get_if<std::string>(&data_); }

    const Array* if_array() const noexcept { return std::get_if<Array>(&data_); }

    const Object* if_object() const noexcept { return std::get_if<Object>(&data_); }

    Array* if_array() noexcept { return std::get_if<Array>(&data_); }

    Object* if_object() noexcept { return std::get_if<Object>(&data_); }

    /// "null", "boolean", "integer", "number", "string", "array" or "object": for messages.
    std::string_view type_name() const noexcept;

    bool operator==(const Value&) const = default;

private:
    std::variant<std::nullptr_t, bool, std::int64_t, double, std::string, Array, Object> data_{
        nullptr};
};

struct Member {
    std::string name;
    Value value;

    bool operator==(const Member&) const = default;
};

struct ParseLimits {
    std::size_t bytes = 4U << 20U;  ///< the registry limit of a manifest
    std::size_t depth = 64;
};

/// Throws Error{InvalidArgument} with the byte offset for text that is not one JSON value, has a member
/// twice, is not UTF-8, or passes the limits.
Value parse(std::string_view text, const ParseLimits& limits = {});

/// One line without blanks; members in their order; the same bytes for the same value, always.
std::string render(const Value& value);
/// Two blanks of indentation a level, for people; ends with a line feed.
std::string render_pretty(const Value& value);

/// Typed access to the members of an object with errors that say where: "config.Env[2]: expected
/// a string, found integer". Absent and null members are the same.
class Reader {
public:
    /// `path` is how messages name the value. Throws Error{InvalidArgument} when `value` is no object.
    Reader(const Value& value, std::string path);

    bool has(std::string_view name) const noexcept;
    /// Throw Error{InvalidArgument} when the member is absent or of another type.
    std::string get_string(std::string_view name) const;
    std::int64_t get_integer(std::string_view name) const;
    const Array& get_array(std::string_view name) const;
    Reader get_object(std::string_view name) const;
    /// `fallback` when absent; throw Error{InvalidArgument} when of another type.
    std::string get_string_or(std::string_view name, std::string_view fallback) const;
    std::int64_t get_integer_or(std::string_view name, std::int64_t fallback) const;
    bool get_bool_or(std::string_view name, bool fallback) const;
    /// An array of strings; empty when absent.
    std::vector<std::string> get_strings(std::string_view name) const;
    /// An object whose values are strings, in its order; empty when absent.
    std::vector<std::pair<std::string, std::string>> get_string_map(std::string_view name) const;

private:
    const Value* find(std::string_view name) const noexcept;

    const Object* object_;
    std::string path_;
};

}  // namespace nacre::json
