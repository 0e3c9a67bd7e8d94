#pragma once

#include "base/error.hpp"
#include "base/guarded.hpp"

#include <condition_variable>
#include <set>
#include <stop_token>
#include <utility>

namespace nacre::registry::detail {

/// Keeps two threads from doing the same work at once: who holds a key, works on it; others wait, and look then whether it was done.
template <class Key>
class SingleFlight {
public:
    class Hold {
    public:
        Hold(SingleFlight& flights, Key key) : flights_{flights}, key_{std::move(key)} {}

        Hold(const Hold&) = delete;
        Hold& operator=(const Hold&) = delete;

        ~Hold() {
            flights_.held_.lock()->erase(key_);
            flights_.released_.notify_all();
        }

    private:
        SingleFlight& flights_;
        Key key_;
    };

    /// Waits until nobody else holds the key. Throws Cancelled.
    [[nodiscard]] Hold hold(const Key& key, const std::stop_token& stop) {
        {
            auto held = held_.lock();
            const bool is_free = held.wait(
                released_, stop, [&](const std::set<Key>& keys) { return !keys.contains(key); });
            if (!is_free) throw Cancelled{};
            held->insert(key);
        }
        return Hold{*this, key};
    }

private:
    Guarded<std::set<Key>> held_;
    std::condition_variable_any released_;
};

}  // namespace nacre::registry::detail
