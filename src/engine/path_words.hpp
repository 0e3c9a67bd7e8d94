#pragma once

#include <string>
#include <string_view>

namespace nacre::engine {

// Paths as words of a Dockerfile, before anything is looked up.

/// "a/b" of "/x/../a//./b": '.', '..' and empty parts resolved as names. What would leave the root stays at it.
std::string resolve_by_name(std::string_view path);

/// "a/b" of "/a//b/."; ".." stays.
std::string relative_path(std::string_view path);

/// Whether it has '*', '?' or '['.
bool has_glob(std::string_view text) noexcept;

}  // namespace nacre::engine
