#pragma once

#include "engine/root_folder.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace nacre::engine {

/// Who a process runs as, or whom a file belongs to.
struct Account {
    Owner owner;
    std::vector<std::uint32_t> additional_gids;  ///< groups that name the user as a member
    std::string home = "/";

    bool operator==(const Account&) const = default;
};

/// Resolves "user", "user:group" or numbers with the image's own /etc/passwd and /etc/group. An unknown number is
/// taken as it is, with group 0, or as given. Throws Error{NotFound} for a name that the image does not know. Pure.
Account resolve_account(std::string_view text, std::string_view passwd, std::string_view group);

/// The same with the files of a tree, which are read inside the tree and only up to a limit.
Account resolve_account(std::string_view text, const RootFolder& root);

}  // namespace nacre::engine
