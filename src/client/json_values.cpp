#include "client/json_values.hpp"

namespace nacre::client {

koji::Value to_koji(const json::Value& value) {
    if (const bool* flag = value.if_bool()) return *flag;
    if (const std::int64_t* number = value.if_integer()) return *number;
    if (const double* number = value.if_double()) return *number;
    if (const std::string* text = value.if_string()) return *text;
    if (const json::Array* list = value.if_array()) {
        koji::Array result;
        for (const json::Value& one : *list)
            result.push_back(to_koji(one));
        return result;
    }
    if (const json::Object* object = value.if_object()) {
        koji::Struct result;
        for (const json::Member& member : object->members())
            result.set(member.name, to_koji(member.value));
        return result;
    }
    return {};
}

json::Value to_json(const koji::Value& value) {
    if (const bool* flag = value.if_bool()) return *flag;
    if (const std::int64_t* number = value.if_integer()) return *number;
    if (const double* number = value.if_double()) return *number;
    if (const std::string* text = value.if_string()) return *text;
    if (const koji::Array* list = value.if_array()) {
        json::Array result;
        for (const koji::Value& one : *list)
            result.push_back(to_json(one));
        return result;
    }
    if (const koji::Struct* fields = value.if_struct()) {
        json::Object result;
        for (const koji::Member& member : fields->members())
            result.set(member.name, to_json(member.value));
        return result;
    }
    return {};
}

}  // namespace nacre::client
