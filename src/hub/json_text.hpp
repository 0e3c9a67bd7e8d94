#pragma once

#include "json/value.hpp"
#include "koji/value.hpp"

#include <string>
#include <string_view>

namespace nacre::hub {

/// A value of the protocol as JSON: how extra data are stored. Throws Error{DataCorrupt} for text that is none.
json::Value to_json(const koji::Value& value);
koji::Value from_json(const json::Value& value);
std::string encode_json(const koji::Value& value);
koji::Value decode_json(std::string_view text);

}  // namespace nacre::hub
