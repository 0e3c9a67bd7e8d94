#include "cli/build/progress_view.hpp"

#include "base/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace nacre::cli::build {
namespace {

constexpr std::size_t kPartialBytesMax = 16U << 10U;
constexpr std::size_t kColumnsMin = 20;

/// One character of UTF-8 at `at`, which moves behind it.
char32_t next_character(std::string_view text, std::size_t& at) {
    const auto first = static_cast<unsigned char>(text[at++]);
    if (first < 0x80U) return first;
    const int more = first >= 0xF0U ? 3 : first >= 0xE0U ? 2 : 1;
    char32_t character = first & (0x3FU >> static_cast<unsigned>(more));
    for (int i = 0; i < more && at < text.size(); ++i)
        character = (character << 6U) | (static_cast<unsigned char>(text[at++]) & 0x3FU);
    return character;
}

/// Cells on a terminal, as far as the ranges of East Asian Wide and combining marks go (Unicode Standard Annex 11).
std::size_t width_of(char32_t c) noexcept {
    if ((c >= 0x300 && c <= 0x36F) || (c >= 0x200B && c <= 0x200F) || (c >= 0xFE00 && c <= 0xFE0F))
        return 0;
    const bool wide = (c >= 0x1100 && c <= 0x115F) || (c >= 0x2E80 && c <= 0xA4CF)
                      || (c >= 0xAC00 && c <= 0xD7A3) || (c >= 0xF900 && c <= 0xFAFF)
                      || (c >= 0xFE30 && c <= 0xFE6F) || (c >= 0xFF00 && c <= 0xFF60)
                      || (c >= 0x1F300 && c <= 0x1FAFF) || (c >= 0x20000 && c <= 0x3FFFD);
    return wide ? 2 : 1;
}

std::size_t width_of(std::string_view text) noexcept {
    std::size_t width = 0;
    for (std::size_t at = 0; at < text.size();)
        width += width_of(next_character(text, at));
    return width;
}

/// What a terminal would have in the end: progress bars write over their line.
std::string shown_line(std::string_view line) {
    while (line.ends_with('\r'))
        line.remove_suffix(1);
    const std::size_t last = line.rfind('\r');
    if (last != std::string_view::npos) line.remove_prefix(last + 1);
    return replace_all(sanitize_utf8(line), "\t", "  ");
}

std::string title_of(const engine::Progress::Step& step) {
    const std::string text = step.text.substr(0, step.text.find('\n'));
    return fmt::format(
        "[{}{}{}/{}] {}",
        step.stage,
        step.stage.empty() ? "" : " ",
        step.number,
        step.count,
        shown_line(text));
}

}  // namespace

void ProgressModel::start(const engine::Progress::Step& step, SteadyTime now) {
    count_ = std::max(count_, step.count);
    running_.insert_or_assign(
        step.number, Running{.step = step, .started = now, .last_lines = {}, .partial = {}});
}

void ProgressModel::add_output(std::size_t number, std::string_view text) {
    const auto found = running_.find(number);
    if (found == running_.end()) return;
    Running& running = found->second;
    running.partial += text;
    while (true) {
        const std::size_t end = running.partial.find('\n');
        if (end == std::string::npos && running.partial.size() < kPartialBytesMax) return;
        running.last_lines.push_back(shown_line(std::string_view{running.partial}.substr(0, end)));
        running.partial.erase(0, end == std::string::npos ? end : end + 1);
        if (running.last_lines.size() > kLastLinesMax) running.last_lines.pop_front();
    }
}

void ProgressModel::finish(
    const engine::Progress::Step& step, engine::Progress::Outcome outcome, SteadyTime now) {
    ++finished_;
    count_ = std::max(count_, step.count);
    std::string time = "cached";
    const auto found = running_.find(step.number);
    if (outcome == engine::Progress::Outcome::Done && found != running_.end())
        time = render_duration(now - found->second.started);
    if (found != running_.end()) running_.erase(found);
    done_lines_.push_back(title_of(step) + '\t' + time);
}

void ProgressModel::add_note(std::string_view text) {
    for (const std::string& line : split(trim(text), '\n'))
        done_lines_.push_back(shown_line(line));
}

std::vector<std::string> ProgressModel::take_finished() {
    return std::exchange(done_lines_, {});
}

std::vector<std::string> render_running(
    const ProgressModel& model, SteadyTime now, const WindowSize& size) {
    const std::size_t columns = std::max(size.columns, kColumnsMin);
    const std::size_t room = size.rows > 3 ? size.rows - 1 : 2;
    std::vector<std::string> lines{with_time(
        fmt::format("building: {} of {} steps", model.finished(), model.count()),
        render_duration(now - model.started()),
        columns)};
    const std::size_t steps = std::min(model.running().size(), room - 1);
    if (steps == 0) return lines;
    const std::size_t tail = std::min((room - 1 - steps) / steps, ProgressModel::kLastLinesMax);
    std::size_t shown = 0;
    for (const auto& [number, running] : model.running()) {
        if (shown++ == steps) break;
        lines.push_back(with_time(
            " " + title_of(running.step), render_duration(now - running.started), columns));
        std::deque<std::string> last = running.last_lines;
        if (!running.partial.empty()) last.push_back(shown_line(running.partial));
        const std::size_t skipped = last.size() > tail ? last.size() - tail : 0;
        for (std::size_t i = skipped; i < last.size(); ++i)
            lines.push_back(cut_to_width("   " + last[i], columns));
    }
    return lines;
}

std::string cut_to_width(std::string_view text, std::size_t columns) {
    if (width_of(text) <= columns) return std::string{text};
    std::size_t width = 1;
    std::size_t at = 0;
    while (at < text.size()) {
        std::size_t next = at;
        width += width_of(next_character(text, next));
        if (width > columns) break;
        at = next;
    }
    return std::string{text.substr(0, at)} + "…";
}

std::string with_time(std::string_view text, std::string_view time, std::size_t columns) {
    const std::size_t right = time.size() + 1;
    if (columns <= right + 1) return cut_to_width(text, columns);
    std::string line = cut_to_width(text, columns - right);
    line.append(columns - right - width_of(line) + 1, ' ');
    return line += time;
}

std::string render_duration(std::chrono::nanoseconds time) {
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(time).count();
    if (seconds < 60) return fmt::format("{:.1f}s", std::chrono::duration<double>(time).count());
    if (seconds < 3600) return fmt::format("{}m{:02}s", seconds / 60, seconds % 60);
    return fmt::format("{}h{:02}m", seconds / 3600, seconds % 3600 / 60);
}

}  // namespace nacre::cli::build
