#include "hub/json_text.hpp"

#include "base/error.hpp"

namespace nacre::hub {

json::Value to_json(const koji::Value& value) {
    if (const auto* flag = value.if_bool()) return *flag;
    if (const auto* integer = value.if_integer()) return *integer;
    if (const auto* real = value.if_double()) return *real;
    if (const auto* text = value.if_string()) return *text;
    if (const auto* items = value.if_array()) {
        json::Array array;
        for (const koji::Value& item : *items)
            array.push_back(to_json(item));
        return array;
    }
    if (const auto* members = value.if_struct()) {
        json::Object object;
        for (const auto& [name, member] : members->members())
            object.set(name, to_json(member));
        return object;
    }
    return nullptr;
}

koji::Value from_json(const json::Value& value) {
    if (const auto* flag = value.if_bool()) return *flag;
    if (const auto* integer = value.if_integer()) return *integer;
    if (const auto* real = value.if_double()) return *real;
    if (const auto* text = value.if_string()) return *text;
    if (const auto* items = value.if_array()) {
        koji::Array array;
        for (const json::Value& item : *items)
            array.push_back(from_json(item));
        return array;
    }
    if (const auto* object = value.if_object()) {
        koji::Struct members;
        for (const json::Member& member : object->members())
            members.set(member.name, from_json(member.value));
        return members;
    }
    return nullptr;
}

std::string encode_json(const koji::Value& value) {
    return json::render(to_json(value));
}

koji::Value decode_json(std::string_view text) {
    try {
        return from_json(json::parse(text));
    } catch (const Error& error) {
        throw Error{ErrorCode::DataCorrupt, "stored JSON is broken: " + error.describe()};
    }
}

}  // namespace nacre::hub
