#pragma once

#include "os/unique_fd.hpp"

#include <cstdint>
#include <string>

namespace nacre::store {

/// How links in a path of a layer are treated. Neither ever leaves the root, whatever the links say.
enum class Links : std::uint8_t {
    Resolve,  ///< as if the root were '/' (openat2, RESOLVE_IN_ROOT)
    Refuse    ///< a link in the path is ELOOP (RESOLVE_BENEATH, RESOLVE_NO_SYMLINKS)
};

/// Opens `path`, relative to the folder `root`, with openat2; an empty path is the root itself. Returns an
/// invalid descriptor with errno set when it fails.
os::UniqueFd try_open_in_root(int root, const std::string& path, int flags, Links links) noexcept;

/// "/proc/self/fd/<folder>/<name>": for system calls that have no variant relative to a folder. `name` has no '/'.
std::string path_in(int folder, const std::string& name);

}  // namespace nacre::store
