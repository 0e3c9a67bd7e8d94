#include "web/memory_facts.hpp"

#include <utility>

namespace nacre::web {

bool TaskFacts::is_running() const noexcept {
    return state == "FREE" || state == "ASSIGNED" || state == "OPEN";
}

LogTail cut_tail(const std::string& name, std::string_view text, std::size_t limit) {
    if (text.size() <= limit) return {name, std::string{text}};
    std::string_view tail = text.substr(text.size() - limit);
    const bool starts_a_line = text[text.size() - limit - 1] == '\n';
    const std::size_t end = tail.find('\n');
    if (!starts_a_line && end != std::string_view::npos) tail.remove_prefix(end + 1);
    return {name, std::string{tail}, true};
}

void MemoryFacts::put(const TaskDetails& task) {
    kept_.lock()->tasks.insert_or_assign(task.task.id, task);
}

void MemoryFacts::put(const BuildDetails& build) {
    kept_.lock()->builds.insert_or_assign(build.build.id, build);
}

void MemoryFacts::put_log(std::int64_t task, const std::string& name, const std::string& text) {
    kept_.lock()->logs.insert_or_assign(task, LogTail{name, text});
}

std::vector<TaskFacts> MemoryFacts::recent_tasks(std::size_t limit) const {
    auto kept = kept_.lock();
    std::vector<TaskFacts> tasks;
    for (auto next = kept->tasks.rbegin(); next != kept->tasks.rend() && tasks.size() < limit;
         ++next)
        tasks.push_back(next->second.task);
    return tasks;
}

std::vector<BuildFacts> MemoryFacts::recent_builds(std::size_t limit) const {
    auto kept = kept_.lock();
    std::vector<BuildFacts> builds;
    for (auto next = kept->builds.rbegin(); next != kept->builds.rend() && builds.size() < limit;
         ++next)
        builds.push_back(next->second.build);
    return builds;
}

std::optional<TaskDetails> MemoryFacts::find_task(std::int64_t id) const {
    auto kept = kept_.lock();
    const auto found = kept->tasks.find(id);
    if (found == kept->tasks.end()) return std::nullopt;
    return found->second;
}

std::optional<BuildDetails> MemoryFacts::find_build(std::int64_t id) const {
    auto kept = kept_.lock();
    const auto found = kept->builds.find(id);
    if (found == kept->builds.end()) return std::nullopt;
    return found->second;
}

std::optional<LogTail> MemoryFacts::find_log_tail(std::int64_t task, std::size_t limit) const {
    auto kept = kept_.lock();
    const auto found = kept->logs.find(task);
    if (found == kept->logs.end()) return std::nullopt;
    return cut_tail(found->second.name, found->second.text, limit);
}

}  // namespace nacre::web
