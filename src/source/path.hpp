#pragma once

#include <string_view>

namespace nacre::source {

/// Orders paths as bytes with '/' before all other characters: a folder comes right before what is in it.
bool path_less(std::string_view a, std::string_view b) noexcept;

/// `path` is `folder` or lies below it; "" contains everything.
bool is_within(std::string_view folder, std::string_view path) noexcept;

/// "a/b": relative, no empty, "." or ".." components, no NUL. "" is not one.
bool is_plain_path(std::string_view path) noexcept;

}  // namespace nacre::source
