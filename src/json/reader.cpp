#include "base/error.hpp"
#include "json/value.hpp"

namespace nacre::json {
namespace {

[[noreturn]] void refuse(const std::string& path, std::string_view expected, const Value* found) {
    std::string message = path.empty() ? "top level" : path;
    message += ": expected ";
    message += expected;
    message += ", found ";
    message += found == nullptr ? std::string_view{"nothing"} : found->type_name();
    throw Error{ErrorCode::InvalidArgument, message};
}

std::string child_path(const std::string& path, std::string_view name) {
    std::string result = path;
    if (!result.empty()) result += '.';
    return result.append(name);
}

std::string element_path(const std::string& path, std::size_t index) {
    return path + "[" + std::to_string(index) + "]";
}

}  // namespace

Reader::Reader(const Value& value, std::string path)
    : object_{value.if_object()},
      path_{std::move(path)} {
    if (object_ == nullptr) refuse(path_, "an object", &value);
}

const Value* Reader::find(std::string_view name) const noexcept {
    const Value* value = object_->find(name);
    return value == nullptr || value->is_null() ? nullptr : value;
}

bool Reader::has(std::string_view name) const noexcept {
    return find(name) != nullptr;
}

std::string Reader::get_string(std::string_view name) const {
    const Value* value = find(name);
    const std::string* text = value == nullptr ? nullptr : value->if_string();
    if (text == nullptr) refuse(child_path(path_, name), "a string", value);
    return *text;
}

std::int64_t Reader::get_integer(std::string_view name) const {
    const Value* value = find(name);
    const std::int64_t* number = value == nullptr ? nullptr : value->if_integer();
    if (number == nullptr) refuse(child_path(path_, name), "an integer", value);
    return *number;
}

const Array& Reader::get_array(std::string_view name) const {
    const Value* value = find(name);
    const Array* array = value == nullptr ? nullptr : value->if_array();
    if (array == nullptr) refuse(child_path(path_, name), "an array", value);
    return *array;
}

Reader Reader::get_object(std::string_view name) const {
    const Value* value = find(name);
    if (value == nullptr) refuse(child_path(path_, name), "an object", value);
    return Reader{*value, child_path(path_, name)};
}

std::string Reader::get_string_or(std::string_view name, std::string_view fallback) const {
    return has(name) ? get_string(name) : std::string{fallback};
}

std::int64_t Reader::get_integer_or(std::string_view name, std::int64_t fallback) const {
    return has(name) ? get_integer(name) : fallback;
}

bool Reader::get_bool_or(std::string_view name, bool fallback) const {
    const Value* value = find(name);
    if (value == nullptr) return fallback;
    const bool* flag = value->if_bool();
    if (flag == nullptr) refuse(child_path(path_, name), "a boolean", value);
    return *flag;
}

std::vector<std::string> Reader::get_strings(std::string_view name) const {
    std::vector<std::string> result;
    if (!has(name)) return result;
    const Array& array = get_array(name);
    result.reserve(array.size());
    for (const Value& element : array) {
        const std::string* text = element.if_string();
        if (text == nullptr)
            refuse(element_path(child_path(path_, name), result.size()), "a string", &element);
        result.push_back(*text);
    }
    return result;
}

std::vector<std::pair<std::string, std::string>> Reader::get_string_map(
    std::string_view name) const {
    std::vector<std::pair<std::string, std::string>> result;
    if (!has(name)) return result;
    const Reader map = get_object(name);
    for (const Member& member : map.object_->members()) {
        const std::string* text = member.value.if_string();
        if (text == nullptr) refuse(child_path(map.path_, member.name), "a string", &member.value);
        result.emplace_back(member.name, *text);
    }
    return result;
}

}  // namespace nacre::json
