#pragma once

#include "base/clock.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace nacre::web {

/// A name with the place it leads to: an absolute path here, or an http or https URL.
struct LinkFacts {
    std::string name;
    std::string url;
};

struct TaskFacts {
    std::int64_t id = 0;
    std::string method;
    std::string label;  ///< what people recognise it by, e.g. "httpd, candidate"; may be empty
    std::string
        state;  ///< as Koji writes it: "FREE", "OPEN", "CLOSED", "CANCELED", "ASSIGNED", "FAILED"
    std::string owner;
    std::string host;  ///< may be empty
    std::string arch;
    std::optional<std::int64_t> parent;
    std::optional<WallTime> created;
    std::optional<WallTime> started;
    std::optional<WallTime> completed;

    /// FREE, ASSIGNED or OPEN.
    bool is_running() const noexcept;
};

/// A task with what only its own page shows.
struct TaskDetails {
    TaskFacts task;
    std::string request;  ///< as text, may have several lines
    std::string result;   ///< the same; empty while there is none
    std::vector<TaskFacts> children;
    std::vector<LinkFacts> logs;
    std::optional<std::int64_t> build;
};

struct BuildFacts {
    std::int64_t id = 0;
    std::string nvr;
    std::string
        state;  ///< as Koji writes it: "BUILDING", "COMPLETE", "DELETED", "FAILED", "CANCELED"
    std::string owner;
    std::optional<WallTime> started;
    std::optional<WallTime> completed;
};

struct ArchiveFacts {
    LinkFacts file;
    std::string type;
    std::int64_t size_bytes = 0;
    std::string checksum;  ///< "sha256:…"; may be empty
};

struct BuildDetails {
    BuildFacts build;
    std::string source;  ///< where it was built from, "git+https://…#commit"; may be empty
    std::optional<std::int64_t> task;
    std::vector<std::string> pull_specs;
    std::vector<ArchiveFacts> archives;
    std::vector<std::string> tags;
    std::int64_t component_count = 0;
};

struct LogTail {
    std::string name;
    std::string text;
    bool is_cut = false;  ///< the log has more before it
};

/// What the pages show, read from wherever it is kept. Thread-safe.
class Facts {
public:
    virtual ~Facts() = default;

    /// Newest first.
    virtual std::vector<TaskFacts> recent_tasks(std::size_t limit) const = 0;
    virtual std::vector<BuildFacts> recent_builds(std::size_t limit) const = 0;
    virtual std::optional<TaskDetails> find_task(std::int64_t id) const = 0;
    virtual std::optional<BuildDetails> find_build(std::int64_t id) const = 0;
    /// The end of the task's main log as it is now, at most `limit` bytes and whole lines when there are any;
    /// nothing when there is no log.
    virtual std::optional<LogTail> find_log_tail(std::int64_t task, std::size_t limit) const = 0;
};

}  // namespace nacre::web
