#pragma once

#include "web/facts.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace nacre::web {

/// The pages as HTML documents: pure functions. Whatever the texts contain, they appear as text; a link that is no
/// path of ours and neither http nor https is shown without a link.
std::string render_index(
    const std::vector<TaskFacts>& tasks, const std::vector<BuildFacts>& builds);
std::string render_task(const TaskDetails& task, const std::optional<LogTail>& log);
std::string render_build(const BuildDetails& build);
std::string render_message(std::string_view title, std::string_view text);

/// The style sheet that the pages name as "/koji/style.css".
std::string_view style_sheet() noexcept;

}  // namespace nacre::web
