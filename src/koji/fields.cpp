#include "koji/fields.hpp"

#include "base/error.hpp"

namespace nacre::koji {
namespace {

Error unexpected(std::string_view what, std::string_view expected, std::string_view found) {
    return Error{
        ErrorCode::DataCorrupt,
        std::string{what} + ": expected " + std::string{expected} + ", found "
            + std::string{found}};
}

const Value& member(const Struct& fields, std::string_view name) {
    static const Value kNil;
    const Value* value = fields.find(name);
    return value == nullptr ? kNil : *value;
}

std::string member_name(std::string_view name) {
    return "member '" + std::string{name} + "'";
}

}  // namespace

const Struct& get_struct(const Value& value) {
    const Struct* found = value.if_struct();
    if (found == nullptr) throw unexpected("answer", "a struct", value.type_name());
    return *found;
}

const Array& get_array(const Value& value) {
    const Array* found = value.if_array();
    if (found == nullptr) throw unexpected("answer", "an array", value.type_name());
    return *found;
}

std::int64_t get_integer(const Struct& fields, std::string_view name) {
    const Value& value = member(fields, name);
    const std::int64_t* found = value.if_integer();
    if (found == nullptr) throw unexpected(member_name(name), "an integer", value.type_name());
    return *found;
}

const std::string& get_string(const Struct& fields, std::string_view name) {
    const Value& value = member(fields, name);
    const std::string* found = value.if_string();
    if (found == nullptr) throw unexpected(member_name(name), "a string", value.type_name());
    return *found;
}

const Array& get_array(const Struct& fields, std::string_view name) {
    const Value& value = member(fields, name);
    const Array* found = value.if_array();
    if (found == nullptr) throw unexpected(member_name(name), "an array", value.type_name());
    return *found;
}

const Struct& get_struct(const Struct& fields, std::string_view name) {
    const Value& value = member(fields, name);
    const Struct* found = value.if_struct();
    if (found == nullptr) throw unexpected(member_name(name), "a struct", value.type_name());
    return *found;
}

std::optional<std::int64_t> find_integer(const Struct& fields, std::string_view name) {
    const std::int64_t* found = member(fields, name).if_integer();
    return found == nullptr ? std::nullopt : std::optional{*found};
}

std::optional<std::string> find_string(const Struct& fields, std::string_view name) {
    const std::string* found = member(fields, name).if_string();
    return found == nullptr ? std::nullopt : std::optional{*found};
}

std::optional<bool> find_bool(const Struct& fields, std::string_view name) {
    const bool* found = member(fields, name).if_bool();
    return found == nullptr ? std::nullopt : std::optional{*found};
}

std::vector<std::string> find_strings(const Struct& fields, std::string_view name) {
    std::vector<std::string> strings;
    if (const Array* list = member(fields, name).if_array())
        for (const Value& value : *list)
            if (const std::string* text = value.if_string()) strings.push_back(*text);
    return strings;
}

}  // namespace nacre::koji
