#include "base/log.hpp"

#include "base/text.hpp"

#include <unistd.h>

#include <algorithm>

namespace nacre {
namespace {

constexpr std::size_t kFieldBytesMax = 4000;

std::string_view name_of(LogLevel level) noexcept {
    switch (level) {
        case LogLevel::Debug:
            return "debug";
        case LogLevel::Info:
            return "info";
        case LogLevel::Warning:
            return "warning";
        case LogLevel::Error:
            return "error";
    }
    return "unknown";
}

bool is_plain(std::string_view value) noexcept {
    return !value.empty() && std::ranges::all_of(value, [](char c) {
        return c > ' ' && c < 0x7F && c != '\'' && c != '=';
    });
}

std::string render(LogLevel level, std::string_view event, LogFields fields) {
    std::string line{name_of(level)};
    line.append(" ").append(event);
    for (const LogField& field : fields) {
        line.append(" ").append(field.name).append("=");
        line += is_plain(field.value) ? field.value : quoted(field.value, kFieldBytesMax);
    }
    return line;
}

}  // namespace

void TextLogSink::record(LogLevel level, std::string_view event, LogFields fields) noexcept {
    if (level < least_) return;
    const std::string line =
        render_rfc3339(clock_.wall_now()) + " " + render(level, event, fields) + "\n";
    // One write a line keeps the lines of several processes apart. A log that cannot be written has
    // nobody to tell.
    [[maybe_unused]] const auto written = ::write(fd_, line.data(), line.size());
}

void MemoryLogSink::record(LogLevel level, std::string_view event, LogFields fields) noexcept {
    lines_.lock()->push_back(render(level, event, fields));
}

std::vector<std::string> MemoryLogSink::lines() const {
    return *lines_.lock();
}

}  // namespace nacre
