#include "cli/build/progress_output.hpp"

#include "base/error.hpp"
#include "base/text.hpp"
#include "json/value.hpp"
#include "os/file.hpp"
#include "os/signals.hpp"

#include <sys/ioctl.h>

#include <algorithm>
#include <chrono>

namespace nacre::cli::build {
namespace {

constexpr std::chrono::milliseconds kRedrawInterval{100};
constexpr std::size_t kLineBytesMax = 16U << 10U;

// ECMA-48.
constexpr std::string_view kHideCursor = "\x1b[?25l";
constexpr std::string_view kShowCursor = "\x1b[?25h";
constexpr std::string_view kClearBelow = "\x1b[J";

std::int64_t number_of(std::size_t value) {
    return static_cast<std::int64_t>(value);
}

json::Object make_event(const Clock& clock, std::string_view name) {
    json::Object event;
    event.set("event", name);
    event.set("time", to_unix_fraction(clock.wall_now()));
    return event;
}

void write_event(ByteSink& out, json::Object event) {
    out.write(as_bytes(json::render(std::move(event)) + "\n"));
}

WindowSize window_of(int terminal) noexcept {
    winsize size{};
    if (::ioctl(terminal, TIOCGWINSZ, &size) != 0 || size.ws_col == 0 || size.ws_row == 0)
        return {};
    return {.columns = size.ws_col, .rows = size.ws_row};
}

/// A finished step: its text and its time, which the model keeps apart by a tab.
std::string finished_line(const std::string& line, std::size_t columns) {
    const std::size_t tab = line.rfind('\t');
    if (tab == std::string::npos) return cut_to_width(line, columns);
    return with_time(line.substr(0, tab), line.substr(tab + 1), columns);
}

}  // namespace

void JsonProgress::step_started(const Step& step) {
    running_.insert_or_assign(step.number, Running{clock_.steady_now(), {}});
    json::Object event = make_event(clock_, "step_started");
    event.set("step", number_of(step.number));
    event.set("steps", number_of(step.count));
    event.set("stage", sanitize_utf8(step.stage));
    event.set("text", sanitize_utf8(step.text));
    write_event(out_, std::move(event));
}

void JsonProgress::output(std::size_t number, Bytes bytes) {
    Running& running = running_[number];
    running.partial += as_text(bytes);
    write_lines(number, running, false);
}

void JsonProgress::write_lines(std::size_t number, Running& running, bool is_end) {
    while (!running.partial.empty()) {
        const std::size_t end = running.partial.find('\n');
        if (end == std::string::npos && running.partial.size() < kLineBytesMax && !is_end) return;
        json::Object event = make_event(clock_, "output");
        event.set("step", number_of(number));
        event.set("text", sanitize_utf8(running.partial.substr(0, end)));
        running.partial.erase(0, end == std::string::npos ? end : end + 1);
        write_event(out_, std::move(event));
    }
}

void JsonProgress::step_finished(const Step& step, Outcome outcome) {
    Running& running = running_[step.number];
    write_lines(step.number, running, true);
    json::Object event = make_event(clock_, "step_finished");
    event.set("step", number_of(step.number));
    event.set("outcome", outcome == Outcome::Cached ? "cached" : "done");
    event.set(
        "seconds", std::chrono::duration<double>(clock_.steady_now() - running.started).count());
    running_.erase(step.number);
    write_event(out_, std::move(event));
}

void JsonProgress::note(std::string_view text) {
    json::Object event = make_event(clock_, "note");
    event.set("text", sanitize_utf8(trim(text)));
    write_event(out_, std::move(event));
}

LiveProgress::LiveProgress(int terminal, const Clock& clock)
    : terminal_{terminal},
      clock_{clock},
      model_{clock.steady_now()} {
    os::write_all(terminal_, as_bytes(kHideCursor));
    threads_.start("progress", [this](const std::stop_token& stop) { run(stop); });
}

LiveProgress::~LiveProgress() {
    threads_.join();
    draw(Draw::Last);
}

void LiveProgress::run(const std::stop_token& stop) {
    while (!stop.stop_requested()) {
        draw(Draw::Running);
        os::wait_for_stop(stop, kRedrawInterval);
    }
}

void LiveProgress::draw(Draw what) noexcept {
    try {
        const WindowSize size = window_of(terminal_);
        std::vector<std::string> finished;
        std::vector<std::string> running;
        {
            auto model = model_.lock();
            finished = model->take_finished();
            if (what == Draw::Running) running = render_running(*model, clock_.steady_now(), size);
        }
        std::string text = "\r";
        if (drawn_lines_ > 0) text += "\x1b[" + std::to_string(drawn_lines_) + "A";
        text += kClearBelow;
        for (const std::string& line : finished)
            text += finished_line(line, size.columns) + "\n";
        for (const std::string& line : running)
            text += line + "\n";
        if (what == Draw::Last) text += kShowCursor;
        drawn_lines_ = running.size();
        os::write_all(terminal_, as_bytes(text));
    } catch (const std::exception&) {
        // A terminal that went away ends the view and not the build.
        return;
    }
}

void LiveProgress::step_started(const Step& step) {
    model_.lock()->start(step, clock_.steady_now());
}

void LiveProgress::output(std::size_t number, Bytes bytes) {
    model_.lock()->add_output(number, as_text(bytes));
}

void LiveProgress::step_finished(const Step& step, Outcome outcome) {
    model_.lock()->finish(step, outcome, clock_.steady_now());
}

void LiveProgress::note(std::string_view text) {
    model_.lock()->add_note(text);
}

}  // namespace nacre::cli::build
