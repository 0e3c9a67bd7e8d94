#include "hub/ids.hpp"

namespace nacre::hub {

std::string shown(const NameOrId& key) {
    if (const auto* name = std::get_if<std::string>(&key)) return "'" + *name + "'";
    return plain(key);
}

std::string plain(const NameOrId& key) {
    if (const auto* name = std::get_if<std::string>(&key)) return *name;
    return std::to_string(std::get<std::int64_t>(key));
}

}  // namespace nacre::hub
