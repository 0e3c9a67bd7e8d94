#pragma once

#include "json/value.hpp"

#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace nacre::builder {

/// What a task has done so far, on disk: a worker that runs the task again after a kill goes on from here. One JSON
/// object a line, appended and synced: {"step": NAME, "state": "begun"|"done", "data": VALUE}. A last line without
/// its end (cut by a crash) does not count. Confined to one thread, and to one process by the task's ownership.
class Journal {
public:
    /// Opens or creates the file and reads what is there. Throws Error{DataCorrupt} for a damaged line.
    explicit Journal(std::filesystem::path file);

    /// What step `name` gave when it was done, in this run or in an earlier one.
    std::optional<json::Value> find_done(std::string_view name) const;

    /// True when an earlier run, or this one, began the step and did not come to its end: its effect may be there.
    bool was_begun(std::string_view name) const;

    /// Returns what the step gave earlier, or runs `body`: "begun" is on disk before it, "done" with its result
    /// after it. `body` must be safe to run again after a crash in the middle.
    json::Value once(std::string_view name, const std::function<json::Value()>& body);

    /// Counts the runs of the task: 1 for the first.
    int start_run();

private:
    void append(std::string_view name, std::string_view state, const json::Value& data);
    void replay(std::string_view text);

    std::filesystem::path file_;
    std::map<std::string, std::optional<json::Value>, std::less<>> steps_;
    int runs_ = 0;
};

}  // namespace nacre::builder
