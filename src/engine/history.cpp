#include "engine/history.hpp"

#include "base/text.hpp"
#include "dockerfile/labels.hpp"

namespace nacre::engine {

std::string history_of_run(
    const std::vector<std::pair<std::string, std::string>>& build_args,
    const std::vector<std::string>& argv) {
    std::vector<std::string> words{"RUN"};
    std::vector<std::string> shown;
    for (const auto& [name, value] : build_args)
        if (!dockerfile::is_predefined_proxy_argument(name)) shown.push_back(name + "=" + value);
    if (!shown.empty()) {
        words.push_back("|" + std::to_string(shown.size()));
        words.insert(words.end(), shown.begin(), shown.end());
    }
    words.insert(words.end(), argv.begin(), argv.end());
    return join(words, " ");
}

std::string history_of_copy(const dockerfile::Copy& copy, const CopyAction& action) {
    std::vector<std::string> words{copy.is_add ? "ADD" : "COPY"};
    if (copy.parents) words.emplace_back("--parents");
    if (copy.from) words.push_back("--from=" + copy.from->raw);
    if (!action.owner.empty()) words.push_back("--chown=" + action.owner);
    if (copy.link) words.emplace_back("--link");
    if (copy.chmod) words.push_back("--chmod=" + copy.chmod->raw);
    for (const InlineFile& file : action.files)
        words.push_back("<<" + file.name);
    for (const std::string& source : action.sources)
        words.emplace_back(source::without_credentials(source));
    words.push_back(action.destination);
    return join(words, " ");
}

std::string list_of(const std::vector<std::string>& words) {
    std::vector<std::string> shown;
    shown.reserve(words.size());
    for (const std::string& word : words)
        shown.push_back("\"" + word + "\"");
    return "[" + join(shown, " ") + "]";
}

}  // namespace nacre::engine
