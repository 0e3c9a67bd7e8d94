#pragma once

#include "base/guarded.hpp"

#include <condition_variable>
#include <deque>
#include <optional>
#include <stop_token>
#include <utility>

namespace nacre {

/// A bounded first-in first-out queue between threads.
template <class T>
class Queue {
public:
    explicit Queue(std::size_t capacity) : capacity_{capacity} {}

    /// Refuses, by returning false, when the queue is full.
    [[nodiscard]] bool try_push(T value) {
        {
            auto values = values_.lock();
            if (values->size() >= capacity_) return false;
            values->push_back(std::move(value));
        }
        changed_.notify_one();
        return true;
    }

    /// Waits for room; false, and the value is dropped, when `stop` was requested before there was any.
    bool push(T value, std::stop_token stop) {
        {
            auto values = values_.lock();
            if (!values.wait(
                    room_, std::move(stop), [this](const auto& v) { return v.size() < capacity_; }))
                return false;
            values->push_back(std::move(value));
        }
        changed_.notify_one();
        return true;
    }

    /// Waits for a value; nothing when `stop` was requested.
    std::optional<T> pop(std::stop_token stop) {
        std::optional<T> value;
        {
            auto values = values_.lock();
            if (!values.wait(changed_, std::move(stop), [](const auto& v) { return !v.empty(); }))
                return std::nullopt;
            value.emplace(std::move(values->front()));
            values->pop_front();
        }
        room_.notify_one();
        return value;
    }

private:
    const std::size_t capacity_;
    Guarded<std::deque<T>> values_;
    std::condition_variable_any changed_;
    std::condition_variable_any room_;
};

}  // namespace nacre
