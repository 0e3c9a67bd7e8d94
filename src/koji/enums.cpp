#include "koji/enums.hpp"

#include <algorithm>
#include <array>

namespace nacre::koji {
namespace {

constexpr std::array<std::string_view, 6> kTaskStates{
    "FREE", "OPEN", "CLOSED", "CANCELED", "ASSIGNED", "FAILED"};
constexpr std::array<std::string_view, 5> kBuildStates{
    "BUILDING", "COMPLETE", "DELETED", "FAILED", "CANCELED"};
constexpr std::array<std::string_view, 3> kChecksumTypes{"md5", "sha1", "sha256"};

template <class Enum, std::size_t Size>
std::optional<Enum> find_name(
    const std::array<std::string_view, Size>& names, std::string_view name) noexcept {
    const auto* const found = std::find(names.begin(), names.end(), name);
    if (found == names.end()) return std::nullopt;
    return static_cast<Enum>(found - names.begin());
}

template <class Enum, std::size_t Size>
std::optional<Enum> find_number(
    const std::array<std::string_view, Size>& names, std::int64_t number) noexcept {
    if (number < 0 || number >= static_cast<std::int64_t>(names.size())) return std::nullopt;
    return static_cast<Enum>(number);
}

}  // namespace

std::string_view to_string(TaskState state) noexcept {
    return kTaskStates.at(static_cast<std::size_t>(state));
}

std::string_view to_string(BuildState state) noexcept {
    return kBuildStates.at(static_cast<std::size_t>(state));
}

std::string_view to_string(ChecksumType type) noexcept {
    return kChecksumTypes.at(static_cast<std::size_t>(type));
}

std::optional<TaskState> find_task_state(std::int64_t number) noexcept {
    return find_number<TaskState>(kTaskStates, number);
}

std::optional<BuildState> find_build_state(std::int64_t number) noexcept {
    return find_number<BuildState>(kBuildStates, number);
}

std::optional<BuildState> find_build_state(std::string_view name) noexcept {
    return find_name<BuildState>(kBuildStates, name);
}

std::optional<ChecksumType> find_checksum_type(std::string_view name) noexcept {
    return find_name<ChecksumType>(kChecksumTypes, name);
}

bool is_final(TaskState state) noexcept {
    return state == TaskState::Closed || state == TaskState::Canceled || state == TaskState::Failed;
}

}  // namespace nacre::koji
