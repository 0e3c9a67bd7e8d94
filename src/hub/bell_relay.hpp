#pragma once

#include "base/log.hpp"
#include "hub/bell.hpp"
#include "sql/database.hpp"

#include <chrono>
#include <stop_token>

namespace nacre::hub {

/// The pause before the database is asked again for what other processes tell.
inline constexpr std::chrono::milliseconds kRelayPause{500};

/// Rings the bells of this process when another one over the same database rings its own, until `stop`: the body of
/// a thread. Rings all of them when it starts to listen, since nobody knows what was told before.
void relay_bells(sql::Database& database, Bells& bells, Log log, const std::stop_token& stop);

}  // namespace nacre::hub
