#pragma once

#include "hub/call.hpp"

#include <optional>

namespace nacre::hub {

struct Event {
    EventId id;
    std::int64_t time_us = 0;
};

std::optional<Event> find_event(Call& call, EventId id);
/// The last one, or the last one before a time (seconds since 1970).
std::optional<Event> find_last_event(Call& call, std::optional<double> before = {});

}  // namespace nacre::hub
