#pragma once

#include "koji/enums.hpp"
#include "koji/value.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>

namespace nacre::cli {

/// What to print while tasks are watched, in the words of Koji's own client (reference C.3.3): rows of getTaskInfo
/// go in, text comes out. Pure.
class TaskWatch {
public:
    /// The text for a row that was just read; empty when nothing changed. `host` is the name of the row's host.
    std::string update(const koji::Struct& row, const std::string& host);

    /// Whether the task that was seen first has come to its end.
    bool is_finished() const noexcept;
    bool has_succeeded() const noexcept;

    /// "12 buildContainer (noarch) completed successfully", "… failed", "… was canceled".
    std::string summary() const;

private:
    struct Seen {
        std::string label;
        koji::TaskState state = koji::TaskState::Free;
    };

    std::string counts() const;

    std::optional<std::int64_t> root_;
    std::map<std::int64_t, Seen> seen_;
};

}  // namespace nacre::cli
