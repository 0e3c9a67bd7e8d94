#pragma once

#include "engine/attributes.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
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

/// Gives the content of a file of an image, of at most `limit` bytes, or nothing when there is none.
using FindText =
    std::function<std::optional<std::string>(const std::string& path, std::size_t limit)>;

/// The same with the files of an image.
Account resolve_account(std::string_view text, const FindText& find_text);

}  // namespace nacre::engine
