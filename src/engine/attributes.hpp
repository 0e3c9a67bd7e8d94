#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace nacre::engine {

struct Owner {
    std::uint32_t uid = 0;
    std::uint32_t gid = 0;

    bool operator==(const Owner&) const = default;
};

using Xattrs = std::vector<std::pair<std::string, std::string>>;

/// What an entry of an image has besides its name and its content.
struct EntryAttributes {
    std::uint32_t mode = 0644;  ///< permission, set-id and sticky bits
    Owner owner;
    std::optional<std::int64_t> mtime;  ///< seconds; nothing: that of the build
    Xattrs xattrs;
};

}  // namespace nacre::engine
