#include "engine/progress.hpp"

#include "base/text.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace nacre::engine {
namespace {

/// A line without an end is shown in pieces of this size rather than kept.
constexpr std::size_t kLineBytesMax = 16U << 10U;

/// What a terminal shows in the end: progress bars write over their line after a carriage return.
std::string_view overwritten(std::string_view line) {
    while (line.ends_with('\r'))
        line.remove_suffix(1);
    const std::size_t last = line.rfind('\r');
    return last == std::string_view::npos ? line : line.substr(last + 1);
}

}  // namespace

void TextProgress::line(std::size_t number, std::string_view text) {
    out_.write(as_bytes(fmt::format("#{} {}\n", number, sanitize_utf8(text))));
}

double TextProgress::seconds_since(SteadyTime start) const {
    return std::chrono::duration<double>(clock_.steady_now() - start).count();
}

void TextProgress::step_started(const Step& step) {
    running_[step.number] = {clock_.steady_now(), {}};
    const std::string stage = step.stage.empty() ? "" : step.stage + " ";
    line(
        step.number,
        fmt::format(
            "[{}{}/{}] {}",
            stage,
            step.number,
            step.count,
            replace_all(step.text, "\n", "\n#    ")));
}

void TextProgress::output(std::size_t number, Bytes bytes) {
    Running& step = running_[number];
    step.partial += as_text(bytes);
    std::string text;
    while (true) {
        const std::size_t end = step.partial.find('\n');
        if (end == std::string::npos && step.partial.size() < kLineBytesMax) break;
        const std::size_t length = std::min(end, kLineBytesMax);
        text += fmt::format(
            "#{} {:.3f} {}\n",
            number,
            seconds_since(step.started),
            sanitize_utf8(overwritten(std::string_view{step.partial}.substr(0, length))));
        step.partial.erase(0, end == length ? length + 1 : length);
    }
    if (!text.empty()) out_.write(as_bytes(text));
}

void TextProgress::step_finished(const Step& step, Outcome outcome) {
    const Running& running = running_[step.number];
    if (!running.partial.empty()) output(step.number, as_bytes("\n"));
    line(
        step.number,
        outcome == Outcome::Cached ? "CACHED"
                                   : fmt::format("DONE {:.1f}s", seconds_since(running.started)));
    running_.erase(step.number);
}

void TextProgress::note(std::string_view text) {
    for (const std::string& one : split(trim(text), '\n'))
        out_.write(as_bytes("# " + sanitize_utf8(one) + "\n"));
}

void OutputTail::write(Bytes bytes) {
    progress_.output(step_, bytes);
    tail_ += as_text(bytes);
    if (tail_.size() > 2 * kTailBytesMax) tail_.erase(0, tail_.size() - kTailBytesMax);
}

std::string OutputTail::lines() const {
    std::vector<std::string> lines = split(trim(tail_), '\n');
    if (lines.size() > kTailLinesMax)
        lines.erase(lines.begin(), lines.end() - static_cast<std::ptrdiff_t>(kTailLinesMax));
    std::string text = join(lines, "\n");
    if (text.size() > kTailBytesMax) text.erase(0, text.size() - kTailBytesMax);
    return sanitize_utf8(text);
}

}  // namespace nacre::engine
