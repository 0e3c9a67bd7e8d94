#pragma once

#include "hub/ids.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace nacre::hub {

/// Koji's queryOpts, without countOnly (services have count methods where counting rows in the database pays).
struct QueryOptions {
    std::string order;  ///< "-priority,create_time"; names of the row's fields; empty: by id
    std::optional<std::int64_t> offset;
    std::optional<std::int64_t> limit;
};

/// The state of the configuration that a read is about: now, or as it was at an event.
struct AsOf {
    std::optional<EventId> event;
};

}  // namespace nacre::hub
