#pragma once

#include "os/unique_fd.hpp"

#include <string>
#include <string_view>

namespace nacre::http::detail {

/// A page that lists a folder, sub-folders first, without what starts with a dot. Throws SystemError.
std::string render_folder(std::string_view path, os::UniqueFd folder);

}  // namespace nacre::http::detail
