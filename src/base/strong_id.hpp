#pragma once

#include <compare>
#include <cstdint>
#include <functional>
#include <string>

namespace nacre {

/// A database id that cannot be mixed up with another kind of id:
///
///     using TaskId = StrongId<struct TaskTag>;
template <class Tag>
class StrongId {
public:
    constexpr StrongId() noexcept = default;

    constexpr explicit StrongId(std::int64_t value) noexcept : value_{value} {}

    constexpr std::int64_t value() const noexcept { return value_; }

    std::string str() const { return std::to_string(value_); }

    constexpr auto operator<=>(const StrongId&) const noexcept = default;

private:
    std::int64_t value_ = 0;
};

}  // namespace nacre

template <class Tag>
struct std::hash<nacre::StrongId<Tag>> {
    std::size_t operator()(const nacre::StrongId<Tag>& id) const noexcept {
        return std::hash<std::int64_t>{}(id.value());
    }
};
