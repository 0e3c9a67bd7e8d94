#pragma once

#include <string>
#include <string_view>

namespace nacre {

// Paths as text, with '/' between their parts. Nothing is looked up or resolved.

/// The part behind the last '/'; all of it when there is none.
std::string base_name(std::string_view path);

/// What is before the last '/'; empty when there is none.
std::string parent_of(std::string_view path);

/// `name` in `folder`; one of them alone when the other is empty.
std::string join_path(const std::string& folder, const std::string& name);

}  // namespace nacre
