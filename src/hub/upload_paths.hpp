#pragma once

#include "os/unique_fd.hpp"

#include <sys/types.h>

#include <string>
#include <string_view>

namespace nacre::hub {

enum class Missing : std::uint8_t { Refuse, Create };

/// Opens `path`, which is relative, below the folder `root`, following no link on the way (openat2). An empty
/// descriptor when it does not exist; throws koji::Fault{1000} for a path that leads out, SystemError else.
os::UniqueFd open_below(int root, std::string_view path, int flags, mode_t mode = 0);

/// Opens a folder below `root`, making what is missing of it.
os::UniqueFd open_folder_below(int root, std::string_view path, Missing missing);

/// Fault 1000 for an absolute path, one with empty parts, "." or "..", or one that is too deep.
void check_relative_path(std::string_view path);

}  // namespace nacre::hub
