#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace nacre::hub {

/// Koji's numbers (reference C.1.4); they are stored and sent.
enum class TaskState : std::uint8_t {
    Free = 0,
    Open = 1,
    Closed = 2,
    Canceled = 3,
    Assigned = 4,
    Failed = 5
};

enum class BuildState : std::uint8_t {
    Building = 0,
    Complete = 1,
    Deleted = 2,
    Failed = 3,
    Canceled = 4
};

enum class UserType : std::uint8_t { Normal = 0, Host = 1, Group = 2 };
enum class UserStatus : std::uint8_t { Normal = 0, Blocked = 1 };
enum class AuthType : std::uint8_t { Normal = 0, Kerberos = 1, Ssl = 2, Gssapi = 3 };
enum class ChecksumType : std::uint8_t { Md5 = 0, Sha1 = 1, Sha256 = 2 };

inline constexpr std::array kTaskStates{
    TaskState::Free,
    TaskState::Open,
    TaskState::Closed,
    TaskState::Canceled,
    TaskState::Assigned,
    TaskState::Failed};

inline constexpr std::int64_t kDefaultPriority = 20;
inline constexpr std::int64_t kTagTaskPriority = 10;

struct TaskTransition {
    TaskState from;
    TaskState to;
};

/// Every change of state there is. A task that runs again starts from Free.
inline constexpr std::array kTaskTransitions{
    TaskTransition{TaskState::Free, TaskState::Assigned},
    TaskTransition{TaskState::Free, TaskState::Open},
    TaskTransition{TaskState::Free, TaskState::Canceled},
    TaskTransition{TaskState::Assigned, TaskState::Assigned},  // an admin moves it to another host
    TaskTransition{TaskState::Assigned, TaskState::Free},
    TaskTransition{TaskState::Assigned, TaskState::Open},
    TaskTransition{TaskState::Assigned, TaskState::Canceled},
    TaskTransition{TaskState::Open, TaskState::Free},
    TaskTransition{TaskState::Open, TaskState::Assigned},  // an admin takes it from its host
    TaskTransition{TaskState::Open, TaskState::Closed},
    TaskTransition{TaskState::Open, TaskState::Failed},
    TaskTransition{TaskState::Open, TaskState::Canceled},
};

constexpr bool can_change(TaskState from, TaskState to) noexcept {
    for (const TaskTransition& known : kTaskTransitions)
        if (known.from == from && known.to == to) return true;
    return false;
}

constexpr bool is_final(TaskState state) noexcept {
    return state == TaskState::Closed || state == TaskState::Canceled || state == TaskState::Failed;
}

/// "FREE", "OPEN", ...
std::string_view to_string(TaskState state) noexcept;
/// "BUILDING", "COMPLETE", ...
std::string_view to_string(BuildState state) noexcept;

}  // namespace nacre::hub
