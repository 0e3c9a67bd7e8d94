#include "cli/task_watch.hpp"

#include "base/error.hpp"
#include "base/text.hpp"
#include "koji/fields.hpp"

#include <string_view>

namespace nacre::cli {
namespace {

using koji::TaskState;

std::string shown_state(TaskState state, const std::string& host) {
    if (state == TaskState::Failed) return "FAILED";
    const std::string name = to_lower(koji::to_string(state));
    return state == TaskState::Open && !host.empty() ? name + " (" + host + ")" : name;
}

std::string label_of(const koji::Struct& row) {
    const std::string extra = koji::find_string(row, "label").value_or("");
    const std::string what = extra.empty() ? koji::get_string(row, "arch") : extra;
    return koji::get_string(row, "method") + " (" + what + ")";
}

}  // namespace

std::string TaskWatch::update(const koji::Struct& row, const std::string& host) {
    const std::int64_t id = koji::get_integer(row, "id");
    const auto state = koji::find_task_state(koji::get_integer(row, "state"));
    if (!state)
        throw Error{ErrorCode::DataCorrupt, "task " + std::to_string(id) + " has an unknown state"};
    if (!root_) root_ = id;
    const auto found = seen_.find(id);
    const std::string start = std::to_string(id) + " ";
    if (found == seen_.end()) {
        seen_[id] = {label_of(row), *state};
        return start + seen_[id].label + ": " + shown_state(*state, host) + "\n";
    }
    if (found->second.state == *state) return {};
    std::string text = start + found->second.label + ": " + shown_state(found->second.state, "")
                       + " -> " + shown_state(*state, host) + "\n";
    found->second.state = *state;
    if (koji::is_final(*state)) text += counts();
    return text;
}

std::string TaskWatch::counts() const {
    std::map<std::string_view, int> numbers;
    for (const auto& [id, task] : seen_) {
        switch (task.state) {
            case TaskState::Free:
            case TaskState::Assigned:
                ++numbers["free"];
                break;
            case TaskState::Open:
                ++numbers["open"];
                break;
            case TaskState::Closed:
                ++numbers["done"];
                break;
            case TaskState::Canceled:
            case TaskState::Failed:
                ++numbers["failed"];
                break;
        }
    }
    std::string text;
    for (const std::string_view name : {"free", "open", "done", "failed"})
        text += "  " + std::to_string(numbers[name]) + " " + std::string{name};
    return text + "\n";
}

bool TaskWatch::is_finished() const noexcept {
    return root_ && koji::is_final(seen_.at(*root_).state);
}

bool TaskWatch::has_succeeded() const noexcept {
    return root_ && seen_.at(*root_).state == TaskState::Closed;
}

std::string TaskWatch::summary() const {
    if (!root_) return {};
    const Seen& task = seen_.at(*root_);
    const std::string start = std::to_string(*root_) + " " + task.label;
    if (task.state == TaskState::Closed) return start + " completed successfully\n";
    if (task.state == TaskState::Canceled) return start + " was canceled\n";
    return start + " failed\n";
}

}  // namespace nacre::cli
