#include "engine/path_words.hpp"

#include "base/text.hpp"

#include <vector>

namespace nacre::engine {

std::string resolve_by_name(std::string_view path) {
    std::vector<std::string> parts;
    for (const std::string& part : split(path, '/')) {
        if (part.empty() || part == ".") continue;
        if (part != "..")
            parts.push_back(part);
        else if (!parts.empty())
            parts.pop_back();
    }
    return join(parts, "/");
}

std::string relative_path(std::string_view path) {
    std::vector<std::string> parts = split(path, '/');
    std::erase_if(parts, [](const std::string& part) { return part.empty() || part == "."; });
    return join(parts, "/");
}

bool has_glob(std::string_view text) noexcept {
    return text.find_first_of("*?[") != std::string_view::npos;
}

}  // namespace nacre::engine
