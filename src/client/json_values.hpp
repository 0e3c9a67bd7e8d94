#pragma once

#include "json/value.hpp"
#include "koji/value.hpp"

namespace nacre::client {

// The same value in the terms of the protocol and of JSON: all types map one to one.

koji::Value to_koji(const json::Value& value);
json::Value to_json(const koji::Value& value);

}  // namespace nacre::client
