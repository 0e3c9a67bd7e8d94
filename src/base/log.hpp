#pragma once

#include "base/clock.hpp"

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace nacre {

/// error: an operator must act; warning: degraded, goes on; info: state changes of tasks, builds,
/// hosts, configuration; debug: per request.
enum class LogLevel : std::uint8_t { Debug, Info, Warning, Error };

struct LogField {
    std::string_view name;
    std::string value;

    LogField(std::string_view field, std::string_view text) : name{field}, value{text} {}

    LogField(std::string_view field, std::string text) : name{field}, value{std::move(text)} {}

    LogField(std::string_view field, const char* text) : name{field}, value{text} {}

    LogField(std::string_view field, std::int64_t number)
        : name{field},
          value{std::to_string(number)} {}
};

using LogFields = std::initializer_list<LogField>;

/// Where log records go. Thread-safe; never throws.
class LogSink {
public:
    virtual ~LogSink() = default;
    virtual void record(LogLevel level, std::string_view event, LogFields fields) noexcept = 0;
};

/// "2026-11-24T08:17:02Z info task.assigned task=7 host=local", one line a record, to a descriptor
/// that outlives the sink.
class TextLogSink final : public LogSink {
public:
    TextLogSink(const Clock& clock, int fd, LogLevel least)
        : clock_{clock},
          fd_{fd},
          least_{least} {}

    void record(LogLevel level, std::string_view event, LogFields fields) noexcept override;

private:
    const Clock& clock_;
    int fd_;
    LogLevel least_;
};

/// Keeps the rendered records: for tests.
class MemoryLogSink final : public LogSink {
public:
    void record(LogLevel level, std::string_view event, LogFields fields) noexcept override;
    std::vector<std::string> lines() const;

private:
    mutable Guarded<std::vector<std::string>> lines_;
};

/// The handle that components hold, by value: event names are "noun.verb" and listed in docs/events.md.
class Log {
public:
    explicit Log(LogSink& sink) noexcept : sink_{&sink} {}

    void debug(std::string_view event, LogFields fields = {}) const noexcept {
        sink_->record(LogLevel::Debug, event, fields);
    }

    void info(std::string_view event, LogFields fields = {}) const noexcept {
        sink_->record(LogLevel::Info, event, fields);
    }

    void warning(std::string_view event, LogFields fields = {}) const noexcept {
        sink_->record(LogLevel::Warning, event, fields);
    }

    void error(std::string_view event, LogFields fields = {}) const noexcept {
        sink_->record(LogLevel::Error, event, fields);
    }

private:
    LogSink* sink_;
};

}  // namespace nacre
