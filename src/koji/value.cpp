#include "koji/value.hpp"

#include <algorithm>
#include <array>

namespace nacre::koji {

// Members are complete only behind Value, which holds a Struct: all that handles them is defined here.
Struct::Struct() noexcept = default;
Struct::Struct(const Struct& other) = default;
Struct::Struct(Struct&& other) noexcept = default;
Struct& Struct::operator=(const Struct& other) = default;
Struct& Struct::operator=(Struct&& other) noexcept = default;
Struct::~Struct() = default;

const Value* Struct::find(std::string_view name) const noexcept {
    for (const auto& [member, value] : members_)
        if (member == name) return &value;
    return nullptr;
}

void Struct::set(std::string_view name, Value value) {
    for (auto& [member, old] : members_) {
        if (member != name) continue;
        old = std::move(value);
        return;
    }
    members_.emplace_back(std::string{name}, std::move(value));
}

bool Struct::erase(std::string_view name) {
    const auto gone = std::remove_if(
        members_.begin(), members_.end(), [&](const auto& member) { return member.name == name; });
    const bool found = gone != members_.end();
    members_.erase(gone, members_.end());
    return found;
}

bool Struct::empty() const noexcept {
    return members_.empty();
}

bool Struct::operator==(const Struct&) const = default;

std::string_view Value::type_name() const noexcept {
    constexpr std::array<std::string_view, 7> kNames{
        "nil", "boolean", "int", "double", "string", "array", "struct"};
    return kNames.at(data_.index());
}

}  // namespace nacre::koji
