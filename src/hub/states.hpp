#pragma once

#include "koji/enums.hpp"

#include <array>
#include <cstdint>

namespace nacre::hub {

using koji::AuthType;
using koji::BuildState;
using koji::ChecksumType;
using koji::is_final;
using koji::TaskState;
using koji::to_string;
using koji::UserStatus;
using koji::UserType;

inline constexpr std::array kTaskStates{
    TaskState::Free,
    TaskState::Open,
    TaskState::Closed,
    TaskState::Canceled,
    TaskState::Assigned,
    TaskState::Failed};

inline constexpr std::int64_t kDefaultPriority = koji::kDefaultPriority;

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

}  // namespace nacre::hub
