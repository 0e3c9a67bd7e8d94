#include "base/path_names.hpp"

namespace nacre {

std::string base_name(std::string_view path) {
    return std::string{path.substr(path.rfind('/') + 1)};
}

std::string parent_of(std::string_view path) {
    const std::size_t slash = path.rfind('/');
    return std::string{slash == std::string_view::npos ? "" : path.substr(0, slash)};
}

std::string join_path(const std::string& folder, const std::string& name) {
    if (folder.empty() || name.empty()) return folder + name;
    return folder.ends_with('/') ? folder + name : folder + "/" + name;
}

}  // namespace nacre
