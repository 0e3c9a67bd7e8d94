#include "json/value.hpp"

#include "base/error.hpp"
#include "base/text.hpp"

#include <algorithm>

namespace nacre::json {

// Members are complete only behind Value, which holds an Object: all that handles them is defined here.
Object::Object() noexcept = default;
Object::Object(const Object& other) = default;
Object::Object(Object&& other) noexcept = default;
Object& Object::operator=(const Object& other) = default;
Object& Object::operator=(Object&& other) noexcept = default;
Object::~Object() = default;

Object::Object(std::vector<Member> members) : members_{std::move(members)} {
    std::vector<std::string_view> names;
    names.reserve(members_.size());
    for (const Member& member : members_)
        names.emplace_back(member.name);
    std::sort(names.begin(), names.end());
    const auto twice = std::adjacent_find(names.begin(), names.end());
    if (twice != names.end())
        throw Error{ErrorCode::InvalidArgument, "member " + quoted(*twice) + " is there twice"};
}

const Value* Object::find(std::string_view name) const noexcept {
    const auto found = std::find_if(
        members_.begin(), members_.end(), [&](const Member& m) { return m.name == name; });
    return found == members_.end() ? nullptr : &found->value;
}

Value* Object::find(std::string_view name) noexcept {
    const auto found = std::find_if(
        members_.begin(), members_.end(), [&](const Member& m) { return m.name == name; });
    return found == members_.end() ? nullptr : &found->value;
}

void Object::set(std::string_view name, Value value) {
    if (Value* present = find(name)) {
        *present = std::move(value);
        return;
    }
    members_.push_back({std::string{name}, std::move(value)});
}

bool Object::erase(std::string_view name) {
    return std::erase_if(members_, [&](const Member& m) { return m.name == name; }) > 0;
}

bool Object::empty() const noexcept {
    return members_.empty();
}

std::size_t Object::size() const noexcept {
    return members_.size();
}

bool Object::operator==(const Object& other) const {
    return members_ == other.members_;
}

std::string_view Value::type_name() const noexcept {
    static constexpr std::string_view kNames[] = {
        "null", "boolean", "integer", "number", "string", "array", "object"};
    return kNames[data_.index()];
}

}  // namespace nacre::json
