#include "hub/bell_relay.hpp"

#include "base/error.hpp"

namespace nacre::hub {
namespace {

constexpr std::chrono::hours kListen{1};

void listen(sql::Database& database, Bells& bells, const std::stop_token& stop) {
    const auto listener = database.listen();
    ring_all(bells);
    while (!stop.stop_requested())
        for (const std::string& word : listener->wait(kListen, stop))
            ring(bells, word);
}

}  // namespace

void relay_bells(sql::Database& database, Bells& bells, Log log, const std::stop_token& stop) {
    Bell never;
    while (!stop.stop_requested()) {
        try {
            listen(database, bells, stop);
        } catch (const Error& error) {
            log.warning("bells.lost", {{"error", error.describe()}});
            never.wait(never.count(), kRelayPause, stop);
        }
    }
}

}  // namespace nacre::hub
