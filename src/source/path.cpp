#include "source/path.hpp"

#include <algorithm>

namespace nacre::source {
namespace {

unsigned rank(char c) noexcept {
    return c == '/' ? 0U : static_cast<unsigned char>(c) + 1U;
}

}  // namespace

bool path_less(std::string_view a, std::string_view b) noexcept {
    return std::ranges::lexicographical_compare(a, b, {}, rank, rank);
}

bool is_within(std::string_view folder, std::string_view path) noexcept {
    if (folder.empty() || folder == path) return true;
    return path.size() > folder.size() && path.starts_with(folder) && path[folder.size()] == '/';
}

bool is_plain_path(std::string_view path) noexcept {
    if (path.find('\0') != std::string_view::npos) return false;
    while (true) {
        const std::size_t end = path.find('/');
        const std::string_view part = path.substr(0, end);
        if (part.empty() || part == "." || part == "..") return false;
        if (end == std::string_view::npos) return true;
        path.remove_prefix(end + 1);
    }
}

}  // namespace nacre::source
